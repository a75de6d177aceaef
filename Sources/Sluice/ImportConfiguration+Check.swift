import SluiceCodec
import SluiceCore

extension ImportConfiguration {
    /// What contradicts itself, or can't be done; nil: nothing.
    var problem: Failure? {
        guard
            let message = loadProblem ?? transactionProblem ?? errorProblem ?? columnProblem
                ?? csv.dialect.problem
        else { return nil }
        return Failure(.usage, message)
    }

    /// What can't be done with this source; nil: nothing.
    func problem(with source: ImportSource) -> Failure? {
        guard load.atomic, errors.policy == .reject,
            let stream = source.inputs.first(where: { !$0.canBeReopened })
        else { return nil }
        return Failure(
            .usage,
            "--atomic with --on-error reject reads rejects again, and \(stream.name) can be read "
                + "only once: load a file, or stop at the first one with --on-error stop")
    }

    private var loadProblem: String? {
        if let jobs = load.jobs, jobs < 1 { return "jobs must be at least 1" }
        if let batchBytes = load.batchBytes, !(1...Self.bytesMax).contains(batchBytes.bytes) {
            return "a batch has from 1 byte to 1 GiB"
        }
        if load.lockTimeout < .zero || load.stallTimeout < .zero { return "a timeout is negative" }
        return csv.skipLines < 0 ? "the lines to skip are negative" : nil
    }

    private var transactionProblem: String? {
        if load.singleTransaction, load.resume {
            return "a single transaction leaves nothing to resume"
        }
        if load.atomic, load.resume { return "what is all or nothing leaves nothing to resume" }
        if load.atomic, load.singleTransaction {
            return "an import is a single transaction, or staged and moved by one"
        }
        return load.singleTransaction && (load.jobs ?? 1) > 1
            ? "a single transaction has a single connection" : nil
    }

    private var errorProblem: String? {
        if errors.retryTimeout < .zero { return "a timeout is negative" }
        if let limit = errors.rejectLimit, limit < 0 { return "the limit of rejects is negative" }
        if let ratio = errors.rejectRatio, !(0...1).contains(ratio) {
            return "the ratio of rejects is not from 0 to 1"
        }
        return nil
    }

    private var columnProblem: String? {
        let mapsNames = !columns.map.isEmpty || !columns.ignored.isEmpty || columns.ignoresUnknown
        guard mapsNames, !csv.hasHeader || columns.columns != nil else { return nil }
        return "header names are mapped, but columns do not go by the header's names"
    }

    fileprivate static let bytesMax = 1 << 30
}

extension Dialect {
    /// Bytes that can't mean what they are to mean.
    fileprivate var problem: String? {
        let hasQuotes = quoting != .none
        let bytes = [delimiter] + (hasQuotes ? [quote] : []) + (comment.map { [$0] } ?? [])
        if Set(bytes).count < bytes.count {
            return "delimiter, quote and comment must be different bytes"
        }
        if (bytes + (hasQuotes ? [escape] : [])).contains(where: Self.endsLine) {
            return "a line end can't be delimiter, quote, escape or comment"
        }
        if hasQuotes, escape == delimiter { return "escape and delimiter must be different bytes" }
        if null.contains(where: { $0 == delimiter || Self.endsLine($0) }) {
            return "the NULL text holds a delimiter or a line end"
        }
        let isHoldable = (1..<ImportConfiguration.bytesMax).contains(maxRecordBytes.bytes)
        return isHoldable ? nil : "a record has from 1 byte to 1 GiB less 1"
    }

    private static func endsLine(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
    }
}
