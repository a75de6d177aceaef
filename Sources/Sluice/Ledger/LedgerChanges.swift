/// What is not as it was when an import began.
struct LedgerChanges {
    /// In words for people; empty if nothing has changed.
    private(set) var texts: [String] = []

    init(from old: LedgerIdentity, to new: LedgerIdentity) {
        if old.table != new.table { texts.append("its table is \(old.table), not \(new.table)") }
        compareDialects(old.dialect, new.dialect)
        compareSources(old.sources, new.sources)
    }

    /// Why an unfinished import can't go on; nil if nothing has changed.
    func refusal(of id: String) -> Failure? {
        guard !texts.isEmpty else { return nil }
        return Failure(
            .data, "import \(id) is unfinished and does not fit: " + texts.joined(separator: "; "),
            advice: "finish it with what it was begun with, or drop it, which leaves its rows in "
                + "the table: pgsluice status --forget \(id)")
    }

    /// Line by line: both have a line for each option, in one order.
    private mutating func compareDialects(_ old: String, _ new: String) {
        let (olds, news) = (old.split(separator: "\n"), new.split(separator: "\n"))
        for (old, new) in zip(olds, news) where old != new {
            texts.append("it was begun with \(old), not \(new)")
        }
        if olds.count != news.count { texts.append("it was begun with other options") }
    }

    private mutating func compareSources(_ olds: [LedgerSource], _ news: [LedgerSource]) {
        guard olds.count == news.count else {
            texts.append("it has \(Self.counted(olds.count)), not \(news.count)")
            return
        }
        for (old, new) in zip(olds, news) {
            if let change = Self.change(from: old, to: new) {
                texts.append("\(new.path) has changed: \(change)")
            }
        }
    }

    private static func counted(_ sources: Int) -> String {
        sources == 1 ? "1 source" : "\(sources) sources"
    }

    private static func change(from old: LedgerSource, to new: LedgerSource) -> String? {
        switch (old.size, new.size) {
        case (nil, nil): nil
        case (.some, nil): "it was a file and is a stream"
        case (nil, .some): "it was a stream and is a file"
        case (let before?, let now?) where before != now: "it had \(before) bytes and has \(now)"
        default:
            old.fingerprint == new.fingerprint
                ? nil : "its first or last 64 KiB are not what they were"
        }
    }
}
