import Glibc

extension ByteCount {
    /// The most memory that this process has had resident: VmHWM of `/proc/self/status`.
    ///
    /// `ru_maxrss` would be no answer: it survives exec.
    public static var peakResident: ByteCount {
        guard let file = fopen("/proc/self/status", "re") else { return ByteCount(0) }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        while fgets(&line, Int32(line.count), file) != nil {
            let words = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self)
                .split { $0 == " " || $0 == "\t" }
            if words.first == "VmHWM:", words.count > 1, let kibibytes = Int(words[1]) {
                return .kibibytes(kibibytes)
            }
        }
        return ByteCount(0)
    }
}
