import SluiceCore

extension ImportReport {
    /// The report as one JSON object in one line; scripts rely on its keys.
    ///
    /// - Parameter exitCode: what the process will exit with.
    public func json(exitCode: Int) -> String {
        JSON.object(identity(exitCode) + counts.members + rates + outcome).text
    }

    private typealias Members = [(key: String, value: JSON)]

    private func identity(_ exitCode: Int) -> Members {
        [
            ("version", .string(sluiceVersion)),
            ("status", .string(status.rawValue)),
            ("exit_code", .integer(exitCode)),
            ("import_id", JSON(importID)),
            ("table", .string(table)),
            ("dry_run", .bool(isDryRun)),
            ("started_at", .string(startedAt.description)),
            ("finished_at", .string(finishedAt.description)),
            ("duration_seconds", JSON(duration)),
        ]
    }

    private var rates: Members {
        [
            ("rows_per_second", .decimal(units: Int((rowsPerSecond * 10).rounded()), digits: 1)),
            ("bytes_per_second", .decimal(units: Int((bytesPerSecond * 10).rounded()), digits: 1)),
            ("lanes", lanes),
        ]
    }

    private var lanes: JSON {
        .object([
            ("binary", .integer(counts.rowsInBinary)), ("text", .integer(counts.rowsInText)),
        ])
    }

    private var outcome: Members {
        [
            ("peak_memory_bytes", .integer(peakMemory.bytes)),
            ("committed", .array(committed.map(\.json))),
            ("files", .array(files.map(\.json))),
            ("error", error?.json ?? .null),
        ]
    }
}

extension ImportReport {
    /// Rows loaded a second by this run.
    public var rowsPerSecond: Double { perSecond(counts.rowsLoaded - counts.resumedRows) }

    /// Bytes read a second.
    public var bytesPerSecond: Double { perSecond(counts.bytesRead - counts.resumedBytes) }

    private func perSecond(_ count: Int) -> Double {
        duration > .zero ? Double(count) / (duration / .seconds(1)) : 0
    }
}

extension ImportCounts {
    fileprivate var members: [(key: String, value: JSON)] {
        let counts = [
            ("records_read", recordsRead), ("rows_loaded", rowsLoaded),
            ("rows_rejected", rowsRejected), ("rows_skipped", rowsSkipped),
            ("records_unloaded", recordsUnloaded), ("records_recovered", recordsRecovered),
            ("lines_passed", linesPassed), ("resumed_rows", resumedRows),
            ("bytes_read", bytesRead), ("batches", batches),
            ("resumed_batches", resumedBatches), ("retries", retries),
        ]
        return counts.map { ($0.0, .integer($0.1)) }
    }
}

extension CommittedRange {
    fileprivate var json: JSON {
        .object([
            ("file", .string(file)), ("first_line", .integer(firstLine)),
            ("last_line", .integer(lastLine)), ("first_byte", .integer(firstByte)),
            ("end_byte", .integer(endByte)),
        ])
    }
}

extension FileReport {
    fileprivate var json: JSON {
        .object(
            [("path", .string(path)), ("status", .string(status.rawValue))] + counts.members
                + [("rejects", JSON(rejects))])
    }
}

extension ReportedError {
    fileprivate var json: JSON {
        .object([
            ("file", JSON(location?.file)), ("line", JSON(location?.line)),
            ("record", JSON(location?.record)), ("byte_offset", JSON(location?.byteOffset)),
            ("column", JSON(location?.column)), ("sqlstate", JSON(sqlState)),
            ("message", .string(message)), ("detail", JSON(detail)), ("hint", JSON(hint)),
            ("constraint", JSON(constraint)),
        ])
    }
}
