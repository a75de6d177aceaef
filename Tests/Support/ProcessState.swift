import Glibc

/// What this process holds of the system, to see whether something was left behind.
package struct ProcessState: Hashable, Sendable, CustomStringConvertible {
    package let threads: Int
    package let descriptors: Int

    package static var now: ProcessState {
        ProcessState(
            threads: entries(of: "/proc/self/task").count,
            // One of them is the folder's own.
            descriptors: entries(of: "/proc/self/fd").count - 1)
    }

    package var description: String { "\(threads) threads, \(descriptors) descriptors" }

    /// Names of all threads, as `ps -L` shows them.
    package static var threadNames: [String] {
        entries(of: "/proc/self/task").compactMap { id in
            guard let file = fopen("/proc/self/task/\(id)/comm", "r") else { return nil }
            defer { fclose(file) }
            var line = [CChar](repeating: 0, count: 32)
            guard fgets(&line, Int32(line.count), file) != nil else { return nil }
            let bytes = line.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) }
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    private static func entries(of folder: String) -> [String] {
        guard let stream = opendir(folder) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}

/// Asks until it is so; false when it has not become so in time.
package func becomesTrue(
    within limit: Duration = .seconds(10), _ isSo: () async throws -> Bool
) async rethrows -> Bool {
    let deadline = ContinuousClock.now + limit
    while true {
        if try await isSo() { return true }
        guard ContinuousClock.now < deadline else { return false }
        try? await Task.sleep(for: .milliseconds(5))
    }
}
