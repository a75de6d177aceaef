import Foundation
import Sluice
import SluiceCore
import SluiceTestSupport
import Synchronization
import Testing

/// Rejects are given to the caller, too.
@Suite(
    "Reject handler", .serialized, .timeLimit(.minutes(3)),
    .enabled(if: PrivateServer.isWanted))
struct RejectHandlerTests {
    private static let columns = "(id int PRIMARY KEY, name varchar(20))"

    /// One in a hundred is malformed, one in a hundred no number; the last one has no line end.
    private static func record(_ id: Int) -> String {
        switch id % 100 {
        case 7: "\(id),too,many"
        case 50: "\"not\n\(id)\",text"
        default: "\(id),name \(id)"
        }
    }

    private static let text =
        "id,name\n" + (1...4_950).map(record).joined(separator: "\n")

    private static let bad = (1...4_950).filter { [7, 50].contains($0 % 100) }

    private final class Received: Sendable {
        private let state = Mutex<[Reject]>([])
        var rejects: [Reject] { state.withLock { $0 } }
        func add(_ reject: Reject) { state.withLock { $0.append(reject) } }
    }

    private func expectAll(_ rejects: [Reject]) {
        #expect(rejects.count == Self.bad.count)
        for (reject, id) in zip(rejects, Self.bad) {
            let end = id == Self.bad.last ? "" : "\n"
            #expect(String(decoding: reject.bytes ?? [], as: UTF8.self) == Self.record(id) + end)
            #expect(reject.location.record == id)
            #expect(reject.byteCount == reject.bytes?.count)
            #expect(reject.endLine == (reject.location.line ?? 0) + (id % 100 == 50 ? 1 : 0))
            #expect(reject.kind == (id % 100 == 7 ? .shape : .value))
            #expect(reject.sqlState == (id % 100 == 7 ? "22P04" : "22P02"))
            #expect(reject.location.column == (id % 100 == 7 ? nil : "id"))
        }
    }

    enum Mode: CaseIterable { case parallel, single, atomic }

    @Test(arguments: Mode.allCases, [true, false])
    func `the handler gets every reject in order`(mode: Mode, keepsFiles: Bool) async throws {
        try await AtomicTable.with(Self.columns) { table in
            let path = table.folder.file("in.csv", Self.text)
            let received = Received()
            let load = try await Load.run(
                .files([path]), into: table.name, onReject: { received.add($0) }
            ) { configuration in
                configuration.errors.policy = .reject
                configuration.errors.rejects =
                    keepsFiles ? .directory(table.folder.path) : .none
                configuration.load.batchBytes = .kibibytes(64)
                configuration.load.singleTransaction = mode == .single
                if mode == .single { configuration.load.jobs = nil }
                configuration.load.atomic = mode == .atomic
            }
            #expect(load.error == nil)
            #expect(load.counts.rowsRejected == Self.bad.count)
            expectAll(received.rejects)
            #expect((load.report.files[0].rejects != nil) == keepsFiles)
            #expect(try scratchFolders() == [])
        }
    }

    @Test func `what the handler throws ends the import, and a run that resumes it asks again`()
        async throws
    {
        struct Refusal: Error {}
        try await AtomicTable.with(Self.columns) { table in
            let path = table.folder.file("in.csv", Self.text)
            func load(_ handler: @escaping @Sendable (Reject) async throws -> Void) async throws
                -> Load
            {
                try await Load.run(.files([path]), into: table.name, onReject: handler) {
                    $0.errors.policy = .reject
                    $0.errors.rejects = .directory(table.folder.path)
                    $0.load.resume = true
                    $0.load.importID = table.name
                }
            }
            let failed = try await load { reject in
                if reject.location.record == Self.bad[3] { throw Refusal() }
            }
            #expect(failed.code == .output)
            #expect(failed.error?.location?.record == Self.bad[3])
            let received = Received()
            let resumed = try await load { received.add($0) }
            #expect(resumed.error == nil)
            expectAll(received.rejects)
        }
    }

    @Test func `without a ledger what the handler throws leaves the reject file, and no parts`()
        async throws
    {
        struct Refusal: Error {}
        try await AtomicTable.with(Self.columns) { table in
            let path = table.folder.file("in.csv", Self.text)
            let load = try await Load.run(
                .files([path]), into: table.name, onReject: { _ in throw Refusal() }
            ) {
                $0.errors.policy = .reject
                $0.errors.rejects = .directory(table.folder.path)
            }
            #expect(load.code == .output)
            let rejects = try #require(load.report.files[0].rejects)
            #expect(access(rejects, F_OK) == 0)
            #expect(access(rejects + ".parts", F_OK) != 0)
        }
    }

    /// Of imports whose rejects were to have no file.
    private func scratchFolders() throws -> [String] {
        let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        return try FileManager.default.contentsOfDirectory(atPath: parent)
            .filter { $0.hasPrefix("pgsluice-rejects.") }
    }

    @Test func `a cancellation ends the handing over, too`() async throws {
        try await AtomicTable.with(Self.columns) { table in
            let path = table.folder.file("in.csv", Self.text)
            let received = Received()
            // A task of its own, which ends cancelled.
            let load = try await Task {
                try await Load.run(
                    .files([path]), into: table.name,
                    onReject: {
                        received.add($0)
                        withUnsafeCurrentTask { $0?.cancel() }
                    }
                ) {
                    $0.errors.policy = .reject
                    $0.errors.rejects = .none
                }
            }.value
            #expect(load.code == .cancelled)
            #expect(received.rejects.count == 1)
            #expect(try scratchFolders() == [])
        }
    }

    @Test func `of an import that fails it gets what is committed`() async throws {
        try await AtomicTable.with(Self.columns) { table in
            let received = Received()
            let load = try await Load.run(
                .bytes([Array(Self.text.utf8)].async, name: "text"), into: table.name,
                onReject: { received.add($0) }
            ) {
                $0.errors.policy = .reject
                $0.errors.rejects = .directory(table.folder.path)
                $0.errors.rejectLimit = 40
                $0.load.batchBytes = .kibibytes(64)
                $0.load.jobs = 1
            }
            #expect(load.code == .data)
            #expect(received.rejects.count == load.counts.rowsRejected)
            for (reject, id) in zip(received.rejects, Self.bad) {
                #expect(reject.location.record == id)
            }
        }
    }
}
