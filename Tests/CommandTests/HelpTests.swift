import Testing

@Suite struct HelpTests {
    /// The flags of SURFACE.md: each that is there, and no other.
    private static let flags = """
        --dbname --host --port --username --table --columns --map --ignore-column --header \
        --no-header --delimiter --quote --escape --quoting --null --force-null --force-not-null \
        --skip-lines --comment --max-record-bytes --jobs --batch-bytes --truncate --dry-run \
        --lock-timeout --stall-timeout --single-transaction --atomic --resume --import-id --verify-source \
        --on-error --rejects --rejects-overwrite --reject-limit --reject-ratio --retry-timeout --report --progress --quiet --verbose \
        --log-format --version --help
        """.split(separator: " ").map(String.init)

    private static let repeatable: Set = [
        "--map", "--ignore-column", "--force-null", "--force-not-null",
    ]

    private func help() async throws -> String {
        let ended = try await Workdir().run(["import", "--help"])
        #expect(ended.status == 0)
        #expect(ended.error == "")
        return ended.output
    }

    @Test func `the help names every flag, in the order of its groups`() async throws {
        let lines = try await help().split(separator: "\n")
        let named = lines.compactMap { $0.firstMatch(of: /^  (?:-\w, )?(--[\w-]+)/)?.1 }
        #expect(named.map(String.init) == Self.flags)
    }

    @Test func `the help fits a terminal, and -h is the host's`() async throws {
        let help = try await help()
        #expect(help.split(separator: "\n").allSatisfy { $0.count <= 80 })
        #expect(help.contains("-h, --host"))
        #expect(help.contains("old rows are gone"))
    }

    @Test func `each flag with a value takes one that begins with a dash, and only one`()
        async throws
    {
        let flags = try await help().matches(of: /(?m)^  (?:-\w, )?(--[\w-]+) </).map {
            String($0.1)
        }
        #expect(flags.count == 31)
        for flag in flags where !Self.repeatable.contains(flag) {
            let ended = try await Workdir().run(["import", flag, "-x", flag, "--"])
            #expect(ended.error.hasPrefix("pgsluice: \(flag) is given twice\n"), "\(ended)")
        }
    }

    @Test(arguments: [["--version"], ["import", "--version"]])
    func `the version is one line`(arguments: [String]) async throws {
        let ended = try await Workdir().run(arguments)
        #expect(ended.status == 0)
        #expect(ended.output.wholeMatch(of: /pgsluice \d+\.\d+\.\d+\n/) != nil, "\(ended)")
    }
}
