/// The version of the library and of the command.
public let sluiceVersion = "0.1.0"
