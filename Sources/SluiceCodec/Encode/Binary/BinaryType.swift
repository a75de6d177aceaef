/// What a column is to the binary lane. Other types go in text.
public enum BinaryType: Hashable, Sendable {
    case bool, int2, int4, int8, oid, float4, float8
    /// nil: without precision and scale.
    case numeric(NumericBounds?)
    case date, time
    case timetz(SessionTime)
    case timestamp(SessionTime)
    case timestamptz(SessionTime)
    case interval
    case uuid, text
    /// The limit counts characters; nil: none.
    case varchar(limit: Int?)
    case bpchar(limit: Int?)
    /// PostgreSQL's one-byte type, written `"char"`.
    case char
    case name, json, jsonb, bytea, inet, cidr
    case enumeration(labels: [String])
    /// Of a built-in type; the OID is the elements'.
    indirect case array(of: BinaryType, elementOID: UInt32)

    /// The built-in type with this OID; nil: it has no encoder.
    ///
    /// A domain is what its base type is, with the domain's typmod.
    /// - Parameter typmod: as in `pg_attribute.atttypmod`, -1 for none.
    public init?(oid: UInt32, typmod: Int32, session: SessionTime) {
        let limit = typmod >= 4 ? Int(typmod) - 4 : nil
        switch oid {
        case 16: self = .bool
        case 17: self = .bytea
        case 18: self = .char
        case 19: self = .name
        case 20: self = .int8
        case 21: self = .int2
        case 23: self = .int4
        case 25: self = .text
        case 26: self = .oid
        case 114: self = .json
        case 650: self = .cidr
        case 700: self = .float4
        case 701: self = .float8
        case 869: self = .inet
        case 1042: self = .bpchar(limit: limit)
        case 1043: self = .varchar(limit: limit)
        case 1082: self = .date
        case 1083: self = .time
        case 1114: self = .timestamp(session)
        case 1184: self = .timestamptz(session)
        case 1186 where typmod < 0 || typmod >> 16 & 0x7FFF == 0x7FFF: self = .interval
        case 1266: self = .timetz(session)
        case 1700: self = .numeric(NumericBounds(typmod: typmod))
        case 2950: self = .uuid
        case 3802: self = .jsonb
        default:
            guard let elementOID = Self.elementOIDs[oid],
                let element = BinaryType(oid: elementOID, typmod: typmod, session: session)
            else { return nil }
            self = .array(of: element, elementOID: elementOID)
        }
    }

    /// By the array type's own, as in `pg_type.dat`. Those of bytea are missing, since their text has
    /// a backslash before each element's.
    private static let elementOIDs: [UInt32: UInt32] = [
        199: 114, 651: 650, 1_000: 16, 1_002: 18, 1_003: 19, 1_005: 21, 1_007: 23, 1_009: 25,
        1_014: 1_042, 1_015: 1_043, 1_016: 20, 1_021: 700, 1_022: 701, 1_028: 26, 1_041: 869,
        1_115: 1_114, 1_182: 1_082, 1_183: 1_083, 1_185: 1_184, 1_187: 1_186, 1_231: 1_700,
        1_270: 1_266, 2_951: 2_950, 3_807: 3_802,
    ]
}

/// How many digits a numeric column holds.
public struct NumericBounds: Hashable, Sendable {
    /// In all.
    public var precision: Int
    /// Behind the point; may be negative, or more than the precision.
    public var scale: Int

    public init(precision: Int, scale: Int) {
        self.precision = precision
        self.scale = scale
    }

    /// nil: any number of digits.
    public init?(typmod: Int32) {
        guard typmod >= 4 else { return nil }
        let packed = Int(typmod) - 4
        // The lower eleven bits are a signed number.
        self.init(precision: packed >> 16 & 0xFFFF, scale: (packed & 0x7FF ^ 0x400) - 0x400)
    }
}

/// What the session's settings make of a time's zone.
public struct SessionTime: Hashable, Sendable {
    /// TimeZone is UTC: what has no zone is in UTC.
    public var zoneIsUTC: Bool
    /// `timezone_abbreviations` is `Default`: `Z` and `UTC` mean UTC.
    public var knowsAbbreviations: Bool

    public init(zoneIsUTC: Bool, knowsAbbreviations: Bool) {
        self.zoneIsUTC = zoneIsUTC
        self.knowsAbbreviations = knowsAbbreviations
    }
}
