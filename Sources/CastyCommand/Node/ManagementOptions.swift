import ArgumentParser
import Casty
import CastyCore
import CastyLive
import CastyManagement
import Foundation

/// The options of a node that is shown over HTTP.
struct ManagementOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Where to show the node over HTTP, as 127.0.0.1:8558: /live, /ready, /members, /shards, /losses, /metrics, /openapi.json.",
            valueName: "address"))
    var management: String?
    @Option(
        help: ArgumentHelp(
            "A file with the token that operators present there to change anything; \(ManagementToken.shortest) bytes at least.",
            valueName: "file"))
    var managementTokenFile: String?
    @Option(
        help: ArgumentHelp(
            "A name under which clients address it, besides localhost and the node's own host; * for any. May be repeated.",
            valueName: "name"))
    var managementHost: [String] = []

    /// Checks the address.
    ///
    /// - Parameter insecure: Whether the node may be reached by other machines.
    func check(insecure: Bool) throws {
        guard let management else {
            if managementTokenFile != nil { throw ValidationError("--management-token-file needs --management") }
            if !managementHost.isEmpty { throw ValidationError("--management-host needs --management") }
            return
        }
        guard let address = NodeAddress(management)?.canonical else {
            throw ValidationError("--management is HOST:PORT, as 127.0.0.1:8558, not \(management.printable)")
        }
        guard address.isLoopback || insecure else {
            throw ValidationError(
                "--management \(management) is reached by other machines, and nothing encrypts what is sent: say --insecure, or use 127.0.0.1"
            )
        }
    }

    /// Starts the server, where one was asked for.
    func start(for node: CastyNode, insecure: Bool) async throws -> ManagementServer? {
        guard let management else { return nil }
        let token = try managementTokenFile.map(Self.token)
        let server = try ManagementServer(for: node) {
            $0.bind = management
            $0.insecure = insecure
            $0.token = token
            $0.hosts = managementHost
        }
        try await server.start()
        return server
    }

    private static func token(in file: String) throws -> ManagementToken {
        let text: String
        do {
            text = try String(contentsOfFile: file, encoding: .utf8)
        } catch {
            throw ValidationError(
                "--management-token-file \(file.printable) cannot be read: \(error.localizedDescription)")
        }
        // Editors and `echo` end a file with a line break.
        return try ManagementToken(text.trimmingCharacters(in: .whitespacesAndNewlines))
    }
}
