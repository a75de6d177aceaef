/// A column as the inner loop wants it: without references.
struct BinaryColumn {
    enum Kind: UInt8 {
        case bool, int2, int4, int8, oid, float4, float8, numeric
        case date, time, timetz, timestamp, timestamptz, interval
        case uuid, bytea, inet, cidr
        case text, limited, char, name, json, jsonb, enumeration
        case array
    }

    /// A numeric column's; without a precision there are none.
    struct Bounds {
        var precision: Int16 = 0
        var scale: Int16 = 0

        @inline(__always)
        var isNone: Bool { precision == 0 }
    }

    var kind: Kind
    /// Which of the record's fields.
    var field: Int32
    /// How long a field without quotes is that may be NULL; -1: none is.
    var nullLength: Int32
    /// Whether a field with quotes may be NULL.
    var forcesNull: Bool
    var refusesNull: Bool
    var bounds = Bounds()
    var session = SessionTime(zoneIsUTC: false, knowsAbbreviations: false)
    /// How many characters a value may have, or which enumeration it is.
    var limit: Int32 = 0
    /// What an array's elements are; what else is said of the column's values is said of them.
    private var elementKind = Kind.text
    private(set) var elementOID: UInt32 = 0

    /// - Parameter labels: takes an enumeration's, in order.
    init(
        _ type: BinaryType, field: Int, of layout: RecordLayout, labels: inout EnumerationLabels
    ) {
        self.field = Int32(field)
        let encoding = layout.fields[field]
        nullLength = encoding.forcesNotNull ? -1 : Int32(layout.dialect.null.count)
        forcesNull = encoding.forcesNull
        refusesNull = encoding.refusesNull
        switch type {
        case .bool: kind = .bool
        case .int2: kind = .int2
        case .int4: kind = .int4
        case .int8: kind = .int8
        case .oid: kind = .oid
        case .float4: kind = .float4
        case .float8: kind = .float8
        case .numeric(let bounds):
            kind = .numeric
            if let bounds {
                self.bounds = Bounds(precision: Int16(bounds.precision), scale: Int16(bounds.scale))
            }
        case .date: kind = .date
        case .time: kind = .time
        case .timetz(let session): (kind, self.session) = (.timetz, session)
        case .timestamp(let session): (kind, self.session) = (.timestamp, session)
        case .timestamptz(let session): (kind, self.session) = (.timestamptz, session)
        case .interval: kind = .interval
        case .uuid: kind = .uuid
        case .bytea: kind = .bytea
        case .inet: kind = .inet
        case .cidr: kind = .cidr
        case .text: kind = .text
        case .varchar(let limit), .bpchar(let limit):
            kind = limit == nil ? .text : .limited
            self.limit = Int32(limit ?? 0)
        case .char: kind = .char
        case .name: kind = .name
        case .json: kind = .json
        case .jsonb: kind = .jsonb
        case .enumeration(let texts):
            kind = .enumeration
            limit = Int32(labels.append(texts))
        case .array(let element, let elementOID):
            self = BinaryColumn(element, field: field, of: layout, labels: &labels)
            (kind, elementKind) = (.array, kind)
            self.elementOID = elementOID
        }
    }

    /// An array's, as if it were a column.
    var element: BinaryColumn {
        var element = self
        element.kind = elementKind
        return element
    }

    /// So many bytes a value may need for each of its text.
    var bytesPerByte: Int {
        guard kind == .array else { return 1 }
        // It needs most for many short elements, each with a comma or a brace behind it.
        let text = element.leastLength + 1
        let needed = ArrayEncoding.lengthBytes + element.leastLength + element.extraBytes
        return (needed + text - 1) / text
    }

    /// No text that is encoded is shorter. 1, too, where it could be told more exactly.
    private var leastLength: Int {
        switch kind {
        case .time, .timetz: 5
        case .date, .timestamp, .timestamptz: 10
        case .uuid: 32
        default: 1
        }
    }

    /// Bytes that a value may need beyond those.
    var extraBytes: Int {
        switch kind {
        case .array: ArrayEncoding.headerLength
        case .bool, .int2, .int4, .oid, .float4, .date: 4
        case .int8, .float8, .time, .timestamp, .timestamptz: 8
        case .numeric: NumericEncoding.extraBytesMax
        case .timetz, .interval, .uuid: 16
        case .inet, .cidr: 8
        case .bytea, .text, .limited, .char, .name, .json, .enumeration: 0
        case .jsonb: 1
        }
    }

    /// Whether a value's bytes are text that the server takes as it is.
    var isText: Bool {
        switch kind {
        case .text, .limited, .char, .name, .json, .jsonb, .enumeration: true
        case .bool, .int2, .int4, .int8, .oid, .float4, .float8, .numeric, .date, .time, .timetz,
            .timestamp, .timestamptz, .interval, .uuid, .bytea, .inet, .cidr, .array:
            false
        }
    }
}

/// The labels of all enumerations, sorted by their bytes within each.
struct EnumerationLabels {
    private var sorted: [[[UInt8]]] = []

    mutating func append(_ labels: [String]) -> Int {
        sorted.append(labels.map { Array($0.utf8) }.sorted { $0.lexicographicallyPrecedes($1) })
        return sorted.count - 1
    }

    func contains(_ text: FieldText, in enumeration: Int) -> Bool {
        let labels = sorted[enumeration]
        var (lower, upper) = (0, labels.count)
        while lower < upper {
            let middle = (lower + upper) / 2
            let order = labels[middle].withUnsafeBufferPointer { text.compare($0) }
            if order == 0 { return true }
            if order < 0 { upper = middle } else { lower = middle + 1 }
        }
        return false
    }
}

extension FieldText {
    /// Below 0: this text stands before `other`, byte by byte.
    fileprivate func compare(_ other: UnsafeBufferPointer<UInt8>) -> Int {
        for index in 0..<min(count, other.count) where self[index] != other[index] {
            return self[index] < other[index] ? -1 : 1
        }
        return count - other.count
    }
}
