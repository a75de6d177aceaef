import Glibc
import SluiceCodec
import SluiceCore
import SluiceTestSupport
import Testing

@testable import Sluice

/// The reader and its batches, from any source.
@Suite(.timeLimit(.minutes(2)))
struct SourceReaderTests {
    private let folder = TemporaryFolder()

    private func csv(_ change: (inout CSVOptions) -> Void) -> CSVOptions {
        var csv = CSVOptions()
        change(&csv)
        return csv
    }

    private func text(_ bytes: [[UInt8]]) -> [String] {
        bytes.map { String(decoding: $0, as: UTF8.self) }
    }

    // MARK: Batches

    @Test func `batches tile the input, whatever the lengths of chunks and batches`() async throws {
        var random = SeededRandom(seed: TestSettings.seed)
        for round in 0..<150 {
            let input = HostileInput(&random)
            let (chunk, batch) = (random.number(in: 1...90), random.number(in: 1...200))
            let note: Comment = "round \(round), chunks of \(chunk), batches of \(batch)"
            let whole = try await ReaderRun(input.text, columns: ["a", "b"], csv: input.csv)
            let run = try await ReaderRun(
                input.text, chunk: chunk, columns: ["a", "b"], csv: input.csv,
                batchBytes: ByteCount(batch))
            #expect(run.records == whole.records, note)
            #expect(run.failure == nil && whole.failure == nil, note)
            #expect(run.totals.counts.linesPassed == whole.totals.counts.linesPassed, note)
            #expect(run.totals.counts.bytesRead == input.text.utf8.count, note)
            expectTiling(run, input.text, note)
        }
    }

    /// Ranges, line numbers and record numbers follow each other.
    private func expectTiling(_ run: ReaderRun, _ text: String, _ note: Comment) {
        let bytes = Array(text.utf8)
        var (record, line) = (1, run.batches.first?.firstLine ?? 1)
        for (batch, next) in zip(run.batches, run.batches.dropFirst()) {
            #expect(batch.range.upperBound == next.range.lowerBound, note)
        }
        for batch in run.batches {
            #expect(!batch.range.isEmpty, note)
            #expect(batch.firstRecord == record && batch.firstLine == line, note)
            record += batch.records.count + batch.malformed
            let end = batch.range.upperBound
            let lines = bytes[batch.range].count { $0 == UInt8(ascii: "\n") }
            line += lines
            let isWholeLine = bytes[end - 1] == UInt8(ascii: "\n")
            #expect(batch.lastLine == line - (isWholeLine ? 1 : 0), note)
        }
        if let last = run.batches.last { #expect(last.range.upperBound == bytes.count, note) }
        #expect(record - 1 == run.totals.counts.recordsRead, note)
    }

    @Test func `batches are short at both ends of a file, and only at the start of a stream`()
        async throws
    {
        let mebibyte = 1 << 20
        let line = "1," + String(repeating: "x", count: 1_021) + "\n"
        let text = "a,b\n" + String(repeating: line, count: 16 << 10)
        let length = BatchLength(nil, slots: 4, workers: 2)
        let file = folder.file("long.csv", text)
        for (source, lengths) in [
            (ImportSource.files([file]), [1, 1, 6, 4, 2, 1, 1, 0]),
            (.bytes([Array(text.utf8)].async, name: "text"), [1, 1, 6, 6, 2]),
        ] {
            let run = try await ReaderRun(source, columns: ["a", "b"], length: length, slots: 4)
            let whole = run.batches.map { ($0.range.count + mebibyte / 4) / mebibyte }
            #expect(whole == lengths)
            expectTiling(run, text, "")
        }
    }

    @Test func `lines that hold no record may be of any length`() async throws {
        let long = String(repeating: "x", count: 200_000)
        let csv = csv {
            $0.skipLines = 2
            $0.dialect.comment = UInt8(ascii: "#")
            $0.dialect.maxRecordBytes = ByteCount(20)
        }
        let text = "\(long)\n\(long)\n#\(long)\na,b\n#\(long)\n1,2\n#\(long)"
        let run = try await ReaderRun(
            text, chunk: 1_000, columns: ["a", "b"], csv: csv, batchBytes: ByteCount(30))
        #expect(run.failure == nil && run.texts == ["1,2"])
        #expect(run.totals.counts.linesPassed == 5)
    }

    @Test(arguments: [1, 7, 20, 21, 22, 30, 100, 5_000])
    func `a record that is too long stops, wherever it is cut`(length: Int) async throws {
        for batch in [1, 19, 20, 21, 40, 200] {
            for tail in ["", "\n", "\r\n", ",", "\"", "\n1,2\n"] {
                let csv = csv {
                    $0.hasHeader = false
                    $0.dialect.maxRecordBytes = ByteCount(20)
                }
                let long = "1," + String(repeating: "x", count: length)
                let run = try await ReaderRun(
                    "1,a\n" + long + tail, chunk: 3, columns: ["a", "b"], csv: csv,
                    batchBytes: ByteCount(batch))
                let isTooLong = length + (tail == "," || tail == "\"" ? 3 : 2) > 20
                let isWide = tail == ","
                #expect(
                    (run.failure != nil) == (isTooLong || isWide),
                    "\(length), \(batch), \(tail): \(run.failure?.message ?? "none")")
                if let failure = run.failure {
                    #expect(failure.location?.line == 2 && failure.location?.record == 2)
                    #expect(failure.record?.hasPrefix("1,") == true)
                }
                #expect(run.totals.counts.addUp)
            }
        }
    }

    @Test(arguments: ["\"", "\"x\n", "a,\"b\n1,2\n3,4\n", "\"a\",\"b"])
    func `a quote that never closes names its line`(start: String) async throws {
        for batch in [1, 64, 1_000] {
            for hasHeader in [true, false] {
                let csv = csv {
                    $0.hasHeader = hasHeader
                    $0.dialect.maxRecordBytes = ByteCount(500)
                }
                let rest = String(repeating: "1,2\n", count: 1_000)
                let run = try await ReaderRun(
                    (hasHeader ? "" : "a,b\n") + start + rest, chunk: 100, columns: ["a", "b"],
                    csv: csv, batchBytes: ByteCount(batch))
                #expect(run.failure?.code == .data)
                #expect(run.failure?.location?.line == (hasHeader ? 1 : 2))
                #expect(run.totals.counts.addUp)
                if hasHeader {
                    #expect(run.totals.counts.recordsRead == 0, "a header is no record")
                    #expect(run.failure?.location?.record == nil)
                }
            }
        }
    }

    // MARK: Ends

    @Test(arguments: ["", "\u{FEFF}", "\n\n", "# c\n# d", "\u{1A}", "\n\u{1A}"])
    func `an input without a record has no content`(text: String) async throws {
        for hasHeader in [true, false] {
            let csv = csv {
                $0.hasHeader = hasHeader
                $0.dialect.comment = UInt8(ascii: "#")
            }
            let run = try await ReaderRun(text, columns: ["a", "b"], csv: csv)
            #expect(run.failure == nil && run.records.isEmpty)
            #expect(run.starts == [false], "nothing may be truncated for it")
            #expect(run.totals.files[0].isComplete)
        }
    }

    @Test func `a header alone is content`() async throws {
        let run = try await ReaderRun("b,a\n", columns: ["a", "b"])
        #expect(run.failure == nil && run.starts == [true] && run.batches.isEmpty)
    }

    @Test func `lines passed before the first record do not start the load`() async throws {
        let csv = csv { $0.hasHeader = false }
        let text = String(repeating: "\n", count: 500) + "1,2\n"
        let run = try await ReaderRun(
            text, columns: ["a", "b"], csv: csv, batchBytes: ByteCount(50))
        #expect(run.starts == [true] && run.texts == ["1,2"])
        #expect(run.totals.counts.linesPassed == 500)
    }

    @Test func `the start comes once, before the first batch`() async throws {
        let paths = (1...3).map { folder.file("\($0)", "a,b\n\($0),x\n") }
        let run = try await ReaderRun(.files(paths), columns: ["a", "b"])
        #expect(run.starts == [true])
        #expect(run.texts == ["1,x", "2,x", "3,x"])
        #expect(run.batches.map(\.file) == [0, 1, 2])
    }

    @Test func `no input at all`() async throws {
        let run = try await ReaderRun(.files([]), columns: ["a"])
        #expect(run.failure == nil && run.starts == [false])
    }

    // MARK: Several files

    @Test func `a header that does not fit is known before a row is handed over`() async throws {
        let good = folder.file("good", "a,b\n1,2\n")
        let bad = folder.file("bad", "a,c\n1,2\n")
        let run = try await ReaderRun(.files([good, bad]), columns: ["a", "b"])
        #expect(run.batches.isEmpty && run.starts.isEmpty)
        #expect(run.failure?.location?.file == bad)
        #expect(run.totals.counts.bytesRead == 0, "what was looked at is not read")
    }

    @Test func `headers may order their columns differently`() async throws {
        let first = folder.file("1", "a,b\n1,2\n")
        let second = folder.file("2", "\u{FEFF}B,a\r\n2,1\r\n")
        let third = folder.file("3", "a\n1\n")
        let run = try await ReaderRun(.files([first, second, third]), columns: ["a", "b"])
        #expect(run.failure == nil && run.texts == ["1,2", "2,1", "1"])
    }

    @Test func `a file may come twice, and between streams`() async throws {
        let path = folder.file("1", "a,b\n1,2\n")
        let run = try await ReaderRun(.files([path, "/dev/null", path]), columns: ["a", "b"])
        #expect(run.failure == nil && run.texts == ["1,2", "1,2"])
        #expect(run.totals.files.allSatisfy { $0.isComplete })
    }

    @Test func `a missing file and a folder are told before a row is handed over`() async throws {
        let path = folder.file("1", "a,b\n1,2\n")
        for bad in ["/nowhere", folder.path] {
            let run = try await ReaderRun(.files([path, bad]), columns: ["a", "b"])
            #expect(run.batches.isEmpty)
            #expect(run.failure?.code == .input && run.failure?.location?.file == bad)
        }
    }

    @Test func `foreign formats are told by name`() async throws {
        let path = folder.file("1", [0x1F, 0x8B, 0x08, 0x00, 0x00])
        let run = try await ReaderRun(.files([path]), columns: ["a", "b"])
        #expect(run.failure?.message == "this is gzip, not CSV in UTF-8")
        // A byte at a time, too.
        let bytes: [[UInt8]] = [[0x28], [0xB5], [], [0x2F], [0xFD], [0x04]]
        let other = try await ReaderRun(.bytes(bytes.async, name: "b"), columns: ["a", "b"])
        #expect(other.failure?.message == "this is zstd, not CSV in UTF-8")
    }

    // MARK: Sequences of a caller

    @Test func `chunks may be empty, and one may hold everything`() async throws {
        let chunks: [[UInt8]] = [
            [], Array("a,".utf8), [], [], Array("b\n1,2\n3".utf8), [], Array(",4".utf8), [],
        ]
        let run = try await ReaderRun(.bytes(chunks.async, name: "b"), columns: ["a", "b"])
        #expect(run.texts == ["1,2", "3,4"])
    }

    private struct Broken: AsyncSequence, AsyncIteratorProtocol, Sendable {
        let error: any Error
        var hasDelivered = false

        func makeAsyncIterator() -> Broken { self }

        mutating func next() async throws -> [UInt8]? {
            if hasDelivered { throw error }
            hasDelivered = true
            return Array("a,b\n1,2\n3,4\n".utf8)
        }
    }

    private struct Trouble: Error, CustomStringConvertible {
        let description = "the line is down"
    }

    @Test func `an error of the sequence is one of reading, and names it`() async throws {
        let run = try await ReaderRun(
            .bytes(Broken(error: Trouble()), name: "feed"), columns: ["a", "b"])
        #expect(run.failure?.code == .io)
        #expect(run.failure?.message == "could not be read: the line is down")
        #expect(run.failure?.location?.file == "feed")
    }

    /// Nobody has cancelled the import: what is missing must not be taken for the end.
    @Test func `a sequence that was cancelled elsewhere is an error, not an end`() async throws {
        let run = try await ReaderRun(
            .bytes(Broken(error: CancellationError()), name: "feed"), columns: ["a", "b"])
        #expect(run.failure?.code == .io)
        #expect(!run.totals.files[0].isComplete)
    }

    /// `AsyncStream` answers nil to a cancelled task: the half record before it is none.
    @Test func `a cancelled stream does not end the input`() async throws {
        let (stream, continuation) = AsyncStream<[UInt8]>.makeStream()
        continuation.yield(Array("a,b\n1,2\n3,tr".utf8))
        let run = Task {
            try await ReaderRun(.bytes(stream, name: "feed"), columns: ["a", "b"])
        }
        try await Task.sleep(for: .milliseconds(50))
        run.cancel()
        let totals = try await run.value.totals
        #expect(totals.counts.recordsRead == 0)
        #expect(!totals.files[0].isComplete)
    }

    /// Never suspends and never delivers.
    private struct Nothing: AsyncSequence, AsyncIteratorProtocol, Sendable {
        func makeAsyncIterator() -> Nothing { self }
        func next() async -> [UInt8]? { [] }
    }

    @Test func `a sequence of empty chunks can be cancelled`() async throws {
        let run = Task {
            try await ReaderRun(.bytes(Nothing(), name: "feed"), columns: ["a", "b"])
        }
        try await Task.sleep(for: .milliseconds(30))
        run.cancel()
        let totals = try await run.value.totals
        #expect(!totals.files[0].isComplete)
    }
}

/// A well-formed file of two columns: quoted line breaks, comments, blank lines, a BOM.
private struct HostileInput {
    var text = ""
    var csv = CSVOptions()

    init(_ random: inout SeededRandom) {
        csv.dialect.comment = UInt8(ascii: "#")
        csv.dialect.maxRecordBytes = .kibibytes(1)
        csv.hasHeader = random.oneIn(2)
        csv.skipLines = random.number(in: 0...2)
        if random.oneIn(3) { text += "\u{FEFF}" }
        for _ in 0..<csv.skipLines { text += "skipped \"\n" }
        if csv.hasHeader { text += random.oneIn(2) ? "a,b\n" : "\n#x\n\"b\",a\r\n" }
        let fields = [
            "", "1", "\"\"", "\"x,y\"", "\"two\nlines\"", "\"say \"\"hi\"\"\"", "5\" pipe", "\\.",
            "ü", String(repeating: "long ", count: random.number(in: 0...40)),
        ]
        for _ in 0..<random.number(in: 0...40) {
            switch random.number(in: 0...9) {
            case 0: text += "\n"
            case 1: text += "# comment \"\n"
            default:
                text += "f" + random.pick(fields.filter { !$0.hasPrefix("\"") }) + ","
                text += random.pick(fields) + (random.oneIn(4) ? "\r\n" : "\n")
            }
        }
        if random.oneIn(2), text.hasSuffix("\n"), !text.hasSuffix("\r\n") { text.removeLast() }
    }
}
