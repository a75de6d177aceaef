import SluiceCodec
import SluiceCore

extension Failure {
    /// What is wrong with a record's shape, and what the user may do about it.
    init(_ record: MalformedRecord, width: Int?, dialect: Dialect) {
        self.init(.data, Self.message(record, width: width, dialect: dialect))
        advice = Self.advice(record.fault)
        isAboutData = true
    }

    private static func message(
        _ record: MalformedRecord, width: Int?, dialect: Dialect
    ) -> String {
        switch record.fault {
        case .width(let found):
            let expected = width.map { ", \($0) expected" } ?? ""
            return "the record has \(found) \(found == 1 ? "field" : "fields")\(expected)"
        case .textAfterQuote:
            return "text after the closing quote of the field that opens here"
        case .unclosedQuote:
            return "the quote that opens here is never closed "
                + "(before the end of the file, or within --max-record-bytes)"
        case .loneCarriageReturn:
            return "a carriage return that ends no line; the file's lines end with line feeds"
        case .tooLong:
            return "the record is longer than \(dialect.maxRecordBytes.bytes) bytes"
        }
    }

    private static func advice(_ fault: MalformedRecord.Fault) -> String {
        switch fault {
        case .width:
            "mend the line; if fields are parted by another byte, say --delimiter"
        case .textAfterQuote:
            "mend the line, or read such quotes as text with --quoting lenient"
        case .unclosedQuote:
            "mend the line; if quotes are plain text in this file, say --quoting none"
        case .loneCarriageReturn:
            "mend the line; a carriage return that is data must be quoted"
        case .tooLong:
            "mend the line, or allow it with --max-record-bytes"
        }
    }
}
