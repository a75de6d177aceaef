import SluiceCodec
import SluicePostgres
import SluiceTestSupport
import Testing

/// What the binary lane loads is what COPY in text loads, value for value.
@Suite(
    "Differential: values in binary and in text", .serialized, .enabled(if: PrivateServer.isWanted))
struct EncoderDifferentialTests {
    private static let valuesPerType = TestSettings.files * 40

    @Test(
        "what is encoded, the server takes in text, and as the same value",
        arguments: ValuePool.all.indices
    )
    func values(_ number: Int) async throws {
        let pool = ValuePool.all[number]
        var random = SeededRandom(seed: TestSettings.seed &+ UInt64(number) << 32)
        var left = Self.valuesPerType
        while left > 0 {
            let count = min(left, 20_000)
            left -= count
            let round = ValueRound(pool, count: count, &random)
            let difference = try await ValueServer.with { connection in
                try round.compare(on: connection)
            }
            guard let difference else { continue }
            Issue.record(
                "seed \(TestSettings.seed), \(pool.sqlType), \(round.settings): \(difference)")
            return
        }
    }

    @Test("a type with an encoder has the same OID on every server")
    func typeOIDs() async throws {
        let rows = try await ValueServer.with { connection in
            try connection.query(
                """
                SELECT oid::text, typname FROM pg_catalog.pg_type
                WHERE typnamespace = 'pg_catalog'::regnamespace AND oid < 10000
                """
            ).rows
        }
        let session = SessionTime(zoneIsUTC: true, knowsAbbreviations: true)
        var names: Set<String> = []
        for row in rows {
            guard let oid = row[0].flatMap({ UInt32($0) }), let name = row[1] else { continue }
            if BinaryType(oid: oid, typmod: -1, session: session) != nil { names.insert(name) }
        }
        let scalars: Set = [
            "bool", "int2", "int4", "int8", "oid", "float4", "float8", "numeric", "date",
            "time", "timetz", "timestamp", "timestamptz", "interval", "uuid", "text",
            "varchar", "bpchar", "char", "name", "json", "jsonb", "bytea", "inet", "cidr",
        ]
        let arrays = scalars.subtracting(["bytea"]).map { "_" + $0 }
        #expect(names == scalars.union(arrays))
    }
}

/// A connection to the private server, closed at the end.
enum ValueServer {
    static func with<Value: Sendable>(
        _ body: @Sendable (isolated Connection) async throws -> Value
    ) async throws -> Value {
        let pool = ConnectionPool(
            ConnectionParameters(), maximum: 1, stallTimeout: .seconds(60), onNotice: { _ in })
        do {
            let value = try await pool.withConnection(body)
            await pool.close()
            return value
        } catch {
            await pool.close()
            throw error
        }
    }
}
