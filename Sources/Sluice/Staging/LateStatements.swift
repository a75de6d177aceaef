import SluicePostgres

/// The SQL that finds the staged records which the target refuses: a loop on the server, as
/// `SortStatements` has it, over the staging table in the order of the file.
struct LateStatements {
    static let pageLength = 500

    let target: Target
    let plan: FilePlan
    let table: StagingTable
    let file: Int

    private static let found = "pg_temp.pgsluice_late"
    private static let reached = "pg_temp.pgsluice_late_reached"
    /// How many rows one INSERT takes at most: many, because few are refused as a rule.
    private static let run = 4_096

    /// Once in a transaction.
    static let create = """
        CREATE TEMPORARY TABLE pgsluice_late (file integer, n bigint, state pg_catalog.text, \
        message pg_catalog.text, detail pg_catalog.text, column_name pg_catalog.text, \
        constraint_name pg_catalog.text, PRIMARY KEY (file, n)) ON COMMIT DROP; \
        CREATE TEMPORARY SEQUENCE pgsluice_late_reached OWNED BY \(found).n
        """

    /// Without what ANALYZE finds out each page might be sought in the whole table.
    var index: String {
        """
        CREATE INDEX ON \(table.sql) (\(StagingTable.offsetColumn)); \
        ANALYZE \(table.sql) (\(StagingTable.offsetColumn))
        """
    }

    /// $1: the last one that was read.
    var rejects: String {
        """
        SELECT n, state, message, detail, column_name, constraint_name FROM \(Self.found) \
        WHERE file = \(file) AND n > $1::bigint ORDER BY n LIMIT \(Self.pageLength)
        """
    }

    /// Answers as `rejects`, the last one alone.
    var last: String {
        """
        SELECT n, state, message, detail, column_name, constraint_name FROM \(Self.found) \
        WHERE file = \(file) ORDER BY n DESC LIMIT 1
        """
    }

    /// Answers behind which of some places in the file, counted from 1, there are rejects.
    ///
    /// - Parameter $1: an array of the places, in order.
    var hit: String {
        """
        SELECT DISTINCT pg_catalog.width_bucket(n, $1::bigint[]) AS place FROM \(Self.found) \
        WHERE file = \(file)
        """
    }

    /// Answers `loaded`, `refused` and `is_leading`: not one was taken.
    ///
    /// - Parameters:
    ///   - most: it ends when more are refused.
    ///   - mostLeading: it ends when so many are, and none is taken.
    func sort(most: Int, mostLeading: Int) -> String {
        """
        DO \(SQLLiteral.quote(block(most: most, mostLeading: mostLeading))); \
        SELECT pg_catalog.current_setting('pgsluice.loaded') AS loaded, \
        pg_catalog.current_setting('pgsluice.refused') AS refused, \
        pg_catalog.current_setting('pgsluice.taken') = '0' AS is_leading
        """
    }

    private func block(most: Int, mostLeading: Int) -> String {
        """
        DECLARE
            page bigint[];
            past bigint := -1;
            total integer;
            first integer;
            last integer;
            low bigint;
            high bigint;
            size integer := \(Self.run);
            isolates boolean := false;
            good integer := 0;
            reached bigint;
            added bigint;
            taken bigint := 0;
            loaded bigint := 0;
            refused bigint := 0;
            state pg_catalog.text;
            message pg_catalog.text;
            detail pg_catalog.text;
            column_found pg_catalog.text;
            constraint_found pg_catalog.text;
        BEGIN
            <<pages>>
            LOOP
                page := ARRAY(
                    SELECT \(StagingTable.offsetColumn) FROM \(table.sql)
                    WHERE \(StagingTable.offsetColumn) > past
                    ORDER BY \(StagingTable.offsetColumn) LIMIT \(Self.run));
                total := pg_catalog.cardinality(page);
                EXIT WHEN total = 0;
                first := 1;
                WHILE first <= total LOOP
                    last := least(first + size - 1, total);
                    low := page[first];
                    high := page[last];
                    BEGIN
                        PERFORM pg_catalog.setval('\(Self.reached)', 1, false);
                        \(insertion);
                        GET DIAGNOSTICS added = ROW_COUNT;
                        loaded := loaded + added;
                        taken := taken + last - first + 1;
                        good := least(good + last - first + 1, \(Self.run));
                        first := last + 1;
                        size := CASE WHEN isolates THEN 1 ELSE least(size * 4, \(Self.run)) END;
                        isolates := false;
                    EXCEPTION WHEN assert_failure OR OTHERS THEN
                        GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE,
                            message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL,
                            column_found = COLUMN_NAME, constraint_found = CONSTRAINT_NAME;
                        IF NOT (\(SQLState.dataCondition("state"))) THEN RAISE; END IF;
                        SELECT last_value INTO reached FROM \(Self.reached);
                        isolates := false;
                        IF first = last THEN
                            INSERT INTO \(Self.found) VALUES (\(file), low, state, message,
                                detail, column_found, constraint_found);
                            refused := refused + 1;
                            EXIT pages WHEN refused > \(most)
                                OR taken = 0 AND refused >= \(mostLeading);
                            first := first + 1;
                            size := greatest(1, good);
                            good := 0;
                        ELSIF reached BETWEEN 2 AND last - first THEN
                            size := reached - 1;
                            isolates := true;
                        ELSIF reached = 1 THEN
                            size := 1;
                        ELSE
                            size := (last - first + 1) / 2;
                        END IF;
                    END;
                END LOOP;
                past := page[total];
            END LOOP;
            PERFORM pg_catalog.set_config('pgsluice.loaded', loaded::pg_catalog.text, true),
                pg_catalog.set_config('pgsluice.refused', refused::pg_catalog.text, true),
                pg_catalog.set_config('pgsluice.taken', taken::pg_catalog.text, true);
        END
        """
    }

    /// The sequence is asked as the rows come, one by one: OFFSET keeps the planner from mixing
    /// the questions.
    private var insertion: String {
        let columns = plan.columns.map(SQLIdentifier.quote)
        let values = columns.map { "r.\($0)" }.joined(separator: ", ")
        return """
            INSERT INTO \(target.sql) (\(columns.joined(separator: ", "))) OVERRIDING SYSTEM VALUE
                SELECT \(values)
                FROM (
                    SELECT * FROM \(table.sql) s
                    WHERE s.\(StagingTable.offsetColumn) BETWEEN low AND high
                    ORDER BY s.\(StagingTable.offsetColumn) OFFSET 0
                ) r
                WHERE pg_catalog.nextval('\(Self.reached)') > 0
            """
    }
}
