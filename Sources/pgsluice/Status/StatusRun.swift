import Sluice
import SluiceCore
import SluicePostgres

/// One question to the ledger, from its start to the process's exit status.
struct StatusRun: Sendable {
    let ledger: ImportLedger
    let format: ReportFormat

    func perform(_ action: StatusAction) async -> Int32 {
        let report: StatusReport
        do throws(LedgerError) {
            report = try await self.report(of: action)
        } catch {
            writeError(Self.text(of: error))
            return ExitStatus.of(error.code, signal: nil)
        }
        return print(report)
    }

    private func report(of action: StatusAction) async throws(LedgerError) -> StatusReport {
        switch action {
        case .showAll: return .imports(try await ledger.imports())
        case .showOne(let id): return .imports([try await ledger.import(id)])
        case .stop(let id):
            try await ledger.requestStop(of: id)
            return .stopped(id)
        case .forget(let id):
            try await ledger.forget(id)
            return .forgotten(id)
        case .prune: return .pruned(try await ledger.prune())
        }
    }

    private static func text(of error: LedgerError) -> String {
        let state = error.server?.sqlState.code
        let headline = FailureText.headline(at: nil, error.message, sqlState: state)
        let lines = [
            headline, error.server?.detail.map { "DETAIL: \($0)" },
            error.server?.hint.map { "HINT: \($0)" }, error.advice.map { "next: \($0)" },
        ]
        return lines.compactMap { $0 }.map { printable($0) + "\n" }.joined()
    }

    private func print(_ report: StatusReport) -> Int32 {
        do throws(Errno) {
            try Descriptor.output.write(format == .text ? report.text : report.json + "\n")
            return 0
        } catch {
            writeError("pgsluice: standard output: \(error)\n")
            return ExitStatus.inputOutput
        }
    }
}
