import SluiceSource

extension LedgerSource {
    /// Looks at a source before it is read: files are known by their ends, streams by nothing.
    ///
    /// - Throws: `SourceError` for a file that can't be opened or read.
    init(_ input: ImportSource.Input) throws(SourceError) {
        let fingerprint: SourceFingerprint?
        switch input {
        case .file(let path): fingerprint = try .ofFile(path)
        case .standardInput: fingerprint = try .ofStandardInput()
        case .bytes: fingerprint = nil
        }
        self.init(path: input.name, size: fingerprint?.size, fingerprint: fingerprint?.digest)
    }
}
