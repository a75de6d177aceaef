import SluicePostgres

/// The SQL that foresees which records the table's own rules will refuse: NOT NULL, CHECK, keys and
/// foreign keys.
///
/// Only a guess, by which all others can go in one COPY: what the server says of each record in the
/// end does not depend on it. For that, nothing is foreseen where it might matter in another way
/// that suspects come behind the others.
struct SuspectStatements {
    let target: Target
    let plan: FilePlan
    var rules: [Rule] = []

    /// A rule of the table.
    struct Rule {
        enum Kind: String { case required, check, reference, key }

        let kind: Kind
        /// Its columns, by their places in the plan's.
        let places: Set<Int>
        /// True of the rows that break it; of a `required` one there is none.
        let condition: String
        /// The columns of a key.
        let key: String
    }

    private static let suspects = "pg_temp.pgsluice_suspects"
    private static let number = StagingTable.offsetColumn

    /// Those that take no NULL: the client sees it.
    var requiredPlaces: Set<Int> { places { $0.kind == .required } }
    /// What the server has to see.
    var comparedPlaces: Set<Int> { places { $0.kind != .required } }

    private func places(where matches: (Rule) -> Bool) -> Set<Int> {
        rules.filter(matches).reduce(into: []) { $0.formUnion($1.places) }
    }

    // MARK: The values that rules look at

    /// Keys that are nearly in order are sorted faster than hashed.
    var create: String {
        let columns =
            ["\(Self.number) bigint"] + comparedPlaces.sorted().map { plan.definitions[$0] }
        return """
            SET LOCAL jit TO off; SET LOCAL enable_hashagg TO off; \
            CREATE TEMPORARY TABLE pgsluice_suspects (\(columns.joined(separator: ", "))) \
            ON COMMIT DROP
            """
    }

    var copy: String {
        let columns = [Self.number] + comparedPlaces.sorted().map { plan.columns[$0] }
        let list = columns.map(SQLIdentifier.quote).joined(separator: ", ")
        return "COPY \(Self.suspects) (\(list)) FROM STDIN (FORMAT binary)"
    }

    var drop: String { "DROP TABLE \(Self.suspects)" }

    /// Answers the suspects by their places in the source; no more than `limit`. All records of one
    /// key are suspects, the first one, too: it may wait for another session that has the same key,
    /// and the COPY of all others should not.
    func select(limit: Int) -> String {
        let conditions = rules.map(\.condition).filter { !$0.isEmpty }
        let broken = """
            SELECT k.\(Self.number) AS place FROM \(Self.suspects) k
            WHERE \(conditions.joined(separator: " OR "))
            """
        let doubled = rules.filter { $0.kind == .key }.map { rule in
            """
            SELECT k.\(Self.number) FROM \(Self.suspects) k WHERE (\(rule.key)) IN (
                SELECT \(rule.key) FROM \(Self.suspects) k
                WHERE (\(rule.key)) IS NOT NULL GROUP BY \(rule.key) HAVING pg_catalog.count(*) > 1)
            """
        }
        return ([broken] + doubled).joined(separator: " UNION ") + " ORDER BY place LIMIT \(limit)"
    }

    // MARK: The rules

    /// Answers `kind`, `places` (from 1), `condition` and `key` of each rule.
    ///
    /// OFFSET keeps the server from reading all of a large table for the few keys of a batch.
    var describe: String {
        let names = plan.columns.map(SQLLiteral.quote).joined(separator: ", ")
        return """
            WITH written AS (
                SELECT w.place, a.attnum, a.attnotnull, pg_catalog.quote_ident(a.attname) AS name
                FROM pg_catalog.unnest(ARRAY[\(names)]::pg_catalog.text[]) WITH ORDINALITY w (name, place)
                JOIN pg_catalog.pg_attribute a
                    ON a.attrelid = \(table) AND a.attname = w.name AND a.attnum > 0
            ), rules AS (
                SELECT 'required' AS kind, ARRAY[attnum] AS keys, NULL AS rule, 0::oid AS other,
                       NULL::int2[] AS other_keys, false AS has_greatest
                FROM written WHERE attnotnull
                UNION ALL
                SELECT 'check', conkey, pg_catalog.pg_get_expr(conbin, conrelid), 0, NULL, false
                FROM pg_catalog.pg_constraint WHERE conrelid = \(table) AND contype = 'c'
                UNION ALL
                SELECT 'reference', conkey, NULL, confrelid, confkey, false
                FROM pg_catalog.pg_constraint
                WHERE conrelid = \(table) AND contype = 'f' AND conparentid = 0
                    AND pg_catalog.has_table_privilege(confrelid, 'SELECT')
                UNION ALL
                SELECT 'key', (indkey::int2[])[0:indnkeyatts - 1], NULL, indrelid,
                       (indkey::int2[])[0:indnkeyatts - 1], \(hasGreatest)
                FROM pg_catalog.pg_index
                WHERE indrelid = \(table) AND indisunique AND indpred IS NULL AND indexprs IS NULL
            ), named AS (
                SELECT kind, rule, other, places, mine, others, has_greatest
                FROM rules, LATERAL (
                    SELECT pg_catalog.array_agg(w.place) AS places,
                           pg_catalog.string_agg('k.' || w.name, ', ' ORDER BY u.place) AS mine,
                           pg_catalog.string_agg(
                               'r.' || pg_catalog.quote_ident(o.attname), ', ' ORDER BY u.place) AS others
                    FROM ROWS FROM (pg_catalog.unnest(keys), pg_catalog.unnest(other_keys))
                        WITH ORDINALITY u (key, other_key, place)
                    JOIN written w ON w.attnum = u.key
                    LEFT JOIN pg_catalog.pg_attribute o ON o.attrelid = other AND o.attnum = u.other_key
                ) columns
                WHERE pg_catalog.cardinality(places) = pg_catalog.cardinality(keys)
            )
            SELECT kind, pg_catalog.array_to_string(places, ' ') AS places,
                   CASE kind
                       WHEN 'check' THEN pg_catalog.format('(%s) IS FALSE', rule)
                       WHEN 'reference' THEN pg_catalog.format(
                           '(%1$s) IS NOT NULL AND NOT EXISTS (SELECT FROM %2$s r WHERE (%3$s) = (%1$s))',
                           mine, other::pg_catalog.regclass, others)
                       WHEN 'key' THEN pg_catalog.format(
                           CASE WHEN has_greatest THEN '%1$s <= (\(greatest)) AND ' ELSE '' END
                           || 'EXISTS (SELECT FROM %2$s r WHERE (%3$s) = (%1$s) OFFSET 0)',
                           mine, other::pg_catalog.regclass, others)
                   END AS condition,
                   CASE kind WHEN 'key' THEN mine END AS key
            FROM named WHERE NOT (\(orderMatters))
            """
    }

    /// Most often a key that is behind all of the table's need not be looked up.
    private var greatest: String {
        "SELECT %3$s FROM %2$s r WHERE %3$s IS NOT NULL ORDER BY %3$s DESC LIMIT 1"
    }

    /// Whether the index finds `greatest` at its end.
    private var hasGreatest: String {
        """
        indnkeyatts = 1 AND indoption[0] IN (0, 3) AND EXISTS (
            SELECT FROM pg_catalog.pg_opclass WHERE oid = indclass[0] AND opcdefault
        ) AND EXISTS (
            SELECT FROM pg_catalog.pg_attribute
            WHERE attrelid = indrelid AND attnum = indkey[0] AND attcollation = indcollation[0])
        """
    }

    private var table: String { "\(SQLLiteral.quote(target.sql))::pg_catalog.regclass" }

    /// Whether one of two records that get on with each other by all rules that are foreseen may
    /// still keep the other out: by a trigger, or by a key that is not looked at.
    private var orderMatters: String {
        let relations = """
            (SELECT \(table) UNION SELECT relid FROM pg_catalog.pg_partition_tree(\(table)))
            """
        return """
            EXISTS (
                SELECT FROM pg_catalog.pg_trigger WHERE tgrelid IN \(relations) AND NOT tgisinternal
            ) OR EXISTS (
                SELECT FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = indexrelid
                WHERE indrelid IN \(relations) AND (indisunique OR indisexclusion)
                    AND (indrelid = \(table) OR NOT x.relispartition)
                    AND (indrelid <> \(table) OR indisexclusion
                        OR indpred IS NOT NULL OR indexprs IS NOT NULL OR NOT indisvalid
                        OR NOT pg_catalog.has_table_privilege(\(table), 'SELECT')
                        OR (
                            SELECT pg_catalog.bool_or(a.attgenerated <> '')
                                OR pg_catalog.count(w.place) NOT IN (0, pg_catalog.count(*))
                            FROM pg_catalog.unnest((indkey::int2[])[0:indnkeyatts - 1]) u (key)
                            JOIN pg_catalog.pg_attribute a ON attrelid = indrelid AND a.attnum = key
                            LEFT JOIN written w ON w.attnum = key))
            )
            """
    }
}

extension SuspectStatements.Rule {
    /// A row of the answer to `describe`.
    init?(_ answer: QueryResult, row: Int) {
        func text(_ column: String) -> String { answer[row: row, column: column] ?? "" }
        guard let kind = Kind(rawValue: text("kind")) else { return nil }
        self.init(
            kind: kind,
            places: Set(text("places").split(separator: " ").compactMap { Int($0).map { $0 - 1 } }),
            condition: text("condition"), key: text("key"))
    }
}
