import Foundation

/// An authority with a folder of its own, and the certificates it signs: made with the command `openssl`.
struct TestAuthority: Sendable {
    let folder: URL
    let name: String

    /// The file with the authority's own certificate.
    var trust: String { path("\(name).pem") }

    init(_ name: String, in folder: URL) throws {
        self.folder = folder
        self.name = name
        try Self.openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj",
            "/CN=\(name)", "-keyout", path("\(name).key"), "-out", path("\(name).pem"))
    }

    /// A certificate and its key.
    struct Signed: Sendable {
        let certificate: String
        let key: String
    }

    /// Signs a certificate.
    ///
    /// - Parameters:
    ///   - names: Its subject alternative names, as `IP:127.0.0.1`.
    ///   - days: How long it is valid from now on; below zero for one that has expired.
    func sign(_ leaf: String, names: [String], days: Int = 30) throws -> Signed {
        let (key, request, certificate) = (path("\(leaf).key"), path("\(leaf).csr"), path("\(leaf).pem"))
        try Self.openssl(
            "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=\(leaf)",
            "-keyout", key, "-out", request)
        let extensions = path("\(leaf).ext")
        try "subjectAltName=\(names.joined(separator: ","))\n".write(
            toFile: extensions, atomically: true, encoding: .utf8)
        try Self.openssl(
            "x509", "-req", "-in", request, "-CA", trust, "-CAkey", path("\(name).key"), "-set_serial",
            "\(UInt32.random(in: 1 ... .max))", "-days", "\(days)", "-extfile", extensions, "-out", certificate)
        return Signed(certificate: certificate, key: key)
    }

    private func path(_ file: String) -> String { folder.appendingPathComponent(file).path }

    struct Failed: Error {
        let output: String
    }

    private static func openssl(_ arguments: String...) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failed(output: String(decoding: text, as: UTF8.self)) }
    }
}

/// A folder that is removed with its last user.
final class TestFolder: Sendable {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("casty-tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func file(_ name: String, _ text: String) throws -> String {
        let path = url.appendingPathComponent(name).path
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }
}
