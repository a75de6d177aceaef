extension RejectFiles {
    /// Where the rejects of each input go.
    ///
    /// - Throws: `Failure` of the code `usage` for one file and several inputs.
    convenience init(
        _ destination: RejectDestination, inputs: [ImportSource.Input]
    ) throws(Failure) {
        var names: [String: Int] = [:]
        let defaults = inputs.map { input in
            let name = input.name.split(separator: "/").last.map(String.init) ?? "input"
            names[name, default: 0] += 1
            // Two inputs of one name need two files.
            let number = names[name].flatMap { $0 > 1 ? ".\($0)" : nil } ?? ""
            return "\(name)\(number).rejects.csv"
        }
        switch destination {
        case .none: self.init(paths: inputs.map { _ in nil })
        case .default: self.init(paths: defaults)
        case .directory(let folder): self.init(paths: defaults.map { "\(folder)/\($0)" })
        case .file(let path):
            guard inputs.count == 1 else {
                throw Failure(
                    .usage, "several inputs have several reject files: name a directory, DIR/")
            }
            self.init(paths: [path])
        }
    }
}
