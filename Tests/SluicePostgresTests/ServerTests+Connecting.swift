import Glibc
import Testing

@testable import SluicePostgres

extension ServerTests {
    @Suite struct Connecting {
        @Test func `a connection knows its server`() async throws {
            try await withConnection { connection in
                #expect(connection.isHealthy == true)
                #expect(connection.serverVersion >= 150_000)
                #expect(connection.parameterStatus("client_encoding") == "UTF8")
                #expect(connection.parameterStatus("no_such_thing") == nil)
                #expect(try connection.value("SHOW application_name") == "pgsluice")
                let pid = try connection.value("SELECT pg_backend_pid()")
                #expect(pid == String(connection.backendPID))
            }
        }

        @Test func `a conninfo may name the application`() async throws {
            let parameters = ConnectionParameters(dbname: "application_name=nightly")
            try await withConnection(parameters) { connection in
                let name = try connection.value("SHOW application_name")
                #expect(name == "nightly")
            }
        }

        @Test func `a wrong port says where nobody listens`() async throws {
            let error = try await failure {
                try await withConnection(ConnectionParameters(port: "1")) { _ in }
            }
            guard case .connectionFailed(let message, nil) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(message.contains(".s.PGSQL.1"))
        }

        @Test func `a wrong database is 3D000`() async throws {
            let error = try await failure {
                try await withConnection(ConnectionParameters(dbname: "nope")) { _ in }
            }
            #expect(error.sqlState == .invalidCatalogName)
            guard case .connectionFailed(let message, _) = error else { return }
            #expect(message.hasSuffix("FATAL:  database \"nope\" does not exist"))
        }

        @Test func `a wrong password is 28P01`() async throws {
            let parameters = try TestServer.overTCP("user=scram_user password=wrong")
            let error = try await failure { try await withConnection(parameters) { _ in } }
            #expect(error.sqlState == .invalidPassword)
        }

        @Test(.enabled(if: hasTLS, "the server has no TLS"))
        func `scram over TLS, with the server's certificate checked`() async throws {
            let ca = try #require(environment("PGSLUICE_TEST_CA"))
            let parameters = try TestServer.overTCP(
                "user=scram_user password=sluice-secret sslmode=verify-full sslrootcert=\(ca)")
            try await withConnection(parameters) { connection in
                let isEncrypted = try connection.value(
                    "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
                #expect(isEncrypted == "t")
                _ = try connection.beginCopy("CREATE TEMP TABLE t (a text); COPY t FROM STDIN")
                for _ in 0..<40 { try connection.put(String(repeating: "x\n", count: 50_000)) }
                #expect(try connection.finishCopy() == 2_000_000)
            }
        }

        @Test(.enabled(if: hasTLS, "the server has no TLS"))
        func `a server that another authority vouches for is refused`() async throws {
            try await withFile(containing: foreignCertificate) { path in
                let parameters = try TestServer.overTCP(
                    "user=scram_user password=sluice-secret sslmode=verify-full sslrootcert=\(path)"
                )
                let error = try await failure { try await withConnection(parameters) { _ in } }
                guard case .connectionFailed(let message, nil) = error else {
                    Issue.record("\(error)")
                    return
                }
                #expect(message.contains("certificate verify failed"))
            }
        }

        @Test func `a server that never answers is a timeout, or the end of an interrupt`()
            async throws
        {
            let (listener, port) = try silentListener()
            defer { close(listener) }
            let conninfo = "host=127.0.0.1 port=\(port) sslmode=disable"
            let slow = ConnectionParameters(dbname: conninfo, connectTimeout: .milliseconds(200))
            let error = try await failure { try await withConnection(slow) { _ in } }
            #expect(error == .connectTimeout(after: .milliseconds(200)))

            let asked = ConnectionParameters(dbname: conninfo + " connect_timeout=1")
            let askedError = try await failure { try await withConnection(asked) { _ in } }
            #expect(askedError == .connectTimeout(after: .seconds(1)))

            let patient = try Connection(
                ConnectionParameters(dbname: conninfo), stallTimeout: nil, onNotice: { _ in })
            let opening = Task { try await patient.open() }
            try await Task.sleep(for: .milliseconds(100))
            patient.interrupt()
            let interrupted = try await failure { try await opening.value }
            #expect(interrupted == .cancelled)
            await patient.close()
        }
    }
}

private let hasTLS = environment("PGSLUICE_TEST_CA") != nil || TestServer.mustBePresent

/// A socket on 127.0.0.1 that takes connections and says nothing.
private func silentListener() throws -> (descriptor: Int32, port: UInt16) {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
            bind(listener, address, length) + listen(listener, 8)
                + getsockname(listener, address, &length)
        }
    }
    try #require(code == 0)
    return (listener, UInt16(bigEndian: address.sin_port))
}

private func withFile(
    containing text: String, _ body: (String) async throws -> Void
) async throws {
    var path = Array("/tmp/pgsluice.XXXXXX".utf8CString)
    let descriptor = mkstemp(&path)
    try #require(descriptor >= 0)
    defer { unlink(path) }
    _ = write(descriptor, text, text.utf8.count)
    close(descriptor)
    try await body(String(decoding: path.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self))
}

/// Of an authority that has signed nothing; its key is gone.
private let foreignCertificate = """
    -----BEGIN CERTIFICATE-----
    MIIBhDCCASmgAwIBAgIUbiE1ip2kd3EF99y2sfsxvYB9Ry0wCgYIKoZIzj0EAwIw
    FjEUMBIGA1UEAwwLbm9ib2R5J3MgQ0EwIBcNMjYxMTIyMjI1NDI3WhgPMjEyNjEw
    MjkyMjU0MjdaMBYxFDASBgNVBAMMC25vYm9keSdzIENBMFkwEwYHKoZIzj0CAQYI
    KoZIzj0DAQcDQgAEKwi0J9YyFdIjDQWB/TDQld7q1s8GZcZ4qOIhmEQ6ZiVOCiZR
    ppilbg89mnk7wtS8Qdza7S+HpnRMq8Nq4loUCKNTMFEwHQYDVR0OBBYEFHmUqnpA
    cNSV7NJU7jM1ptRwFt0iMB8GA1UdIwQYMBaAFHmUqnpAcNSV7NJU7jM1ptRwFt0i
    MA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSQAwRgIhAOT6fwdkV0XGiL8V
    TC/KEuKashF7WDbF83typt9u6nAVAiEAjcxY/T9FCLzq3Xu3wsbbTHO+2YU345vu
    0pkaiehJrtY=
    -----END CERTIFICATE-----

    """
