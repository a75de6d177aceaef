import SluicePostgres

/// The SQL that loads records one after the other on the server.
///
/// The records lie as text in a temporary table, by their index in the batch or, where the rows
/// are staged, by their place in the source. A loop inserts a run of them by one INSERT; when
/// one is refused, those before it are inserted, and it is tried alone: what is refused then is a
/// reject. A sequence, which no rollback sets back, tells how far the INSERT came. Values go
/// through their type's input function; the assignment to the column checks its length, as COPY
/// does. Nothing is written to the server's log.
struct SortStatements {
    static let pageLength = 500

    let target: Target
    let plan: FilePlan

    private static let records = "pg_temp.pgsluice_records"
    private static let found = "pg_temp.pgsluice_rejects"
    private static let reached = "pg_temp.pgsluice_reached"
    /// How many records one INSERT takes: few, because most of its work is lost when one is refused.
    private static let run = 64

    private var fields: [String] { plan.columns.indices.map { "c\($0)" } }

    var create: String {
        let texts = fields.map { "\($0) pg_catalog.text" }.joined(separator: ", ")
        return """
            CREATE TEMPORARY TABLE pgsluice_records (n bigint, \(texts), \
            untaken pg_catalog.bytea) ON COMMIT DROP; \
            ALTER TABLE \(Self.records) \(uncompressed); \
            CREATE INDEX pgsluice_records_n ON \(Self.records) (n); \
            CREATE TEMPORARY TABLE pgsluice_rejects (n bigint, state pg_catalog.text, \
            message pg_catalog.text, detail pg_catalog.text, column_name pg_catalog.text, \
            constraint_name pg_catalog.text) ON COMMIT DROP; \
            CREATE TEMPORARY SEQUENCE pgsluice_reached OWNED BY \(Self.records).n
            """
    }

    /// A compressed value would stay so on its way, and fit where it does not when COPY brings it.
    private var uncompressed: String {
        fields.map { "ALTER \($0) SET STORAGE EXTERNAL" }.joined(separator: ", ")
    }

    var clear: String { "TRUNCATE \(Self.records), \(Self.found)" }

    var drop: String { "DROP TABLE \(Self.records), \(Self.found)" }

    var copyRecords: String {
        "COPY \(Self.records) (n, \(fields.joined(separator: ", "))) FROM STDIN"
    }

    var copyUntaken: String { "COPY \(Self.records) (n, untaken) FROM STDIN" }

    /// $1: the last one that was read.
    var rejects: String {
        """
        SELECT n, state, message, detail, column_name, constraint_name FROM \(Self.found) \
        WHERE n > $1::bigint ORDER BY n LIMIT \(Self.pageLength)
        """
    }

    /// Answers `loaded` and `key_conflicts`, the numbers of those that another one's key refuses.
    var sort: String {
        """
        DO \(SQLLiteral.quote(block)); \
        SELECT pg_catalog.current_setting('pgsluice.loaded') AS loaded, \
        pg_catalog.string_agg(n::pg_catalog.text, ' ') \
        FILTER (WHERE state IN ('23505', '23P01')) AS key_conflicts \
        FROM \(Self.found)
        """
    }

    // MARK: The loop

    private var block: String {
        """
        DECLARE
            numbers bigint[] := ARRAY(
                SELECT n FROM \(Self.records) WHERE untaken IS NULL ORDER BY n);
            total integer := pg_catalog.cardinality(numbers);
            first integer := 1;
            last integer;
            low bigint;
            high bigint;
            size integer := \(Self.run);
            isolates boolean := false;
            good integer := \(Self.run);
            reached bigint;
            added bigint;
            loaded bigint := 0;
            state pg_catalog.text;
            message pg_catalog.text;
            detail pg_catalog.text;
            column_found pg_catalog.text;
            constraint_found pg_catalog.text;
            table_found pg_catalog.text;
            field integer;
            is_checking boolean;
            one record;
            \(declarations)
        BEGIN
            \(untakenLoop)
            WHILE first <= total LOOP
                last := least(first + size - 1, total);
                low := numbers[first];
                high := numbers[last];
                BEGIN
                    PERFORM pg_catalog.setval('\(Self.reached)', 1, false);
                    \(insertion);
                    GET DIAGNOSTICS added = ROW_COUNT;
                    loaded := loaded + added;
                    good := good + last - first + 1;
                    first := last + 1;
                    size := CASE WHEN isolates THEN 1 ELSE least(size * 4, \(Self.run)) END;
                    isolates := false;
                EXCEPTION WHEN assert_failure OR OTHERS THEN
                    \(diagnosis)
                    IF NOT (\(isAboutData) OR \(mayBeAboutValue)) THEN RAISE; END IF;
                    SELECT last_value INTO reached FROM \(Self.reached);
                    isolates := false;
                    IF first = last THEN
                        \(reject)
                        first := first + 1;
                        -- As many as went well before it may go well behind it.
                        size := greatest(1, least(good, \(Self.run)));
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
            PERFORM pg_catalog.set_config('pgsluice.loaded', loaded::pg_catalog.text, true);
        END
        """
    }

    /// The sequence is asked as the rows come, one by one: OFFSET keeps the planner from mixing
    /// the questions.
    private var insertion: String {
        let columns = plan.columns.map(SQLIdentifier.quote).joined(separator: ", ")
        let values = zip(fields, plan.inputTypes).map { "r.\($0)::\($1)" }.joined(separator: ", ")
        let (first, offset) =
            plan.staging == nil ? ("", "") : ("\(StagingTable.offsetColumn), ", "r.n, ")
        return """
            INSERT INTO \(plan.staging?.sql ?? target.sql) (\(first)\(columns))
                OVERRIDING SYSTEM VALUE
                SELECT \(offset)\(values)
                FROM (
                    SELECT * FROM \(Self.records) s
                    WHERE s.n BETWEEN low AND high AND s.untaken IS NULL
                    ORDER BY s.n OFFSET 0
                ) r
                WHERE pg_catalog.nextval('\(Self.reached)') > 0
            """
    }

    private var diagnosis: String {
        """
        GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
            detail = PG_EXCEPTION_DETAIL, column_found = COLUMN_NAME,
            constraint_found = CONSTRAINT_NAME, table_found = TABLE_NAME;
        """
    }

    private var isAboutData: String { "(\(SQLState.dataCondition("state")))" }

    private var mayBeAboutValue: String { "(\(SQLState.valueCondition("state")))" }

    /// An error that may be the statement's counts only where a value is to blame.
    private var reject: String {
        """
        field := 0;
        IF table_found = '' THEN
            \(trial)
        END IF;
        IF field = 0 AND NOT \(isAboutData) THEN RAISE; END IF;
        INSERT INTO \(Self.found) VALUES
            (low, state, message, detail, column_found, constraint_found);
        """
    }

    // MARK: Which column it was

    /// COPY reads the fields in the file's order, and looks at a domain's rules with each; INSERT
    /// does so in the table's order.
    private var trial: String {
        """
        BEGIN
            is_checking := false;
            SELECT * INTO STRICT one FROM \(Self.records) s WHERE s.n = low;
            \(assignments)
            field := 0;
        EXCEPTION WHEN assert_failure OR OTHERS THEN
            \(diagnosis)
            -- A domain's rule may run statements of its own.
            IF NOT (\(isAboutData) OR NOT is_checking AND \(mayBeAboutValue)) THEN RAISE; END IF;
            column_found := (ARRAY[\(names)]::pg_catalog.text[])[field];
        END;
        """
    }

    /// A variable of each column's type: what can't be assigned to it is to blame.
    private var declarations: String {
        zip(fields, plan.baseTypes).map { "\($0) \($1);" }.joined(separator: "\n    ")
    }

    private var assignments: String {
        fields.indices.map { index in
            let (field, type) = (fields[index], plan.inputTypes[index])
            let assignment = "field := \(index + 1); \(field) := one.\(field)::\(type);"
            guard let domain = plan.domains[index] else { return assignment }
            return assignment + " is_checking := true; PERFORM \(field)::\(domain);"
                + " is_checking := false;"
        }.joined(separator: "\n        ")
    }

    private var names: String {
        plan.columns.map(SQLLiteral.quote).joined(separator: ", ")
    }

    // MARK: Text that the server does not take

    private var untakenLoop: String {
        """
        FOR one IN SELECT n, untaken FROM \(Self.records) WHERE untaken IS NOT NULL LOOP
            BEGIN
                PERFORM pg_catalog.convert_from(one.untaken, 'UTF8');
                state := 'XX000';
            EXCEPTION WHEN character_not_in_repertoire OR untranslatable_character THEN
                \(diagnosis)
                INSERT INTO \(Self.found) (n, state, message) VALUES (one.n, state, message);
            END;
            IF state = 'XX000' THEN RAISE 'pgsluice took text for none'; END IF;
        END LOOP;
        """
    }
}

extension SQLState {
    /// `isAboutData`, as a condition in SQL.
    static func dataCondition(_ state: String) -> String {
        condition(state, classes: dataClasses, codes: dataCodes)
    }

    /// `mayBeAboutValue`, as a condition in SQL.
    static func valueCondition(_ state: String) -> String {
        let isOne = condition(state, classes: valueClasses, codes: valueCodes)
        return "(\(isOne)) AND \(state) <> '\(SQLState.insufficientPrivilege)'"
    }

    private static func condition(_ state: String, classes: [String], codes: [String]) -> String {
        let classes = classes.map(SQLLiteral.quote).joined(separator: ", ")
        let codes = codes.map(SQLLiteral.quote).joined(separator: ", ")
        return "pg_catalog.\"left\"(\(state), 2) IN (\(classes)) OR \(state) IN (\(codes))"
    }
}
