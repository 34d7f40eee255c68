import ArgumentParser
import Casty
import CastyLive
import CastyTLS

/// The options that protect connections, the same for all commands that make some.
struct CredentialOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The file with the certificate of this program, and those between it and its authority, as PEM.",
            valueName: "file"))
    var tlsCert: String?
    @Option(help: ArgumentHelp("The file with the key of the certificate, as PEM.", valueName: "file"))
    var tlsKey: String?
    @Option(
        help: ArgumentHelp(
            "The file with the certificates of the authorities that sign those of the cluster, as PEM.",
            valueName: "file"))
    var tlsCa: String?
    @Flag(help: "Refuse nodes whose certificate does not name the host of their address.")
    var tlsNames = false
    @Option(
        help: ArgumentHelp(
            "The file with the secret of the cluster, instead of certificates: a line of 16 to 256 bytes, as of openssl rand -base64 32.",
            valueName: "file"))
    var secretFile: String?
    @Flag(help: "Allow connections with other machines though nothing protects them.")
    var insecure = false

    func validate() throws {
        let files = [("--tls-cert", tlsCert), ("--tls-key", tlsKey), ("--tls-ca", tlsCa)]
        let missing = files.filter { $0.1 == nil }.map(\.0)
        guard missing.isEmpty || missing.count == 3 else {
            throw ValidationError(
                "Certificates need --tls-cert, --tls-key and --tls-ca: \(missing.joined(separator: ", ")) is missing")
        }
        guard missing.count == 3 || secretFile == nil else {
            throw ValidationError("Name certificates or --secret-file, not both: a cluster has one of them")
        }
        guard !tlsNames || missing.isEmpty else { throw ValidationError("--tls-names needs certificates") }
    }

    /// Whether there are credentials.
    var areGiven: Bool { tlsCert != nil || secretFile != nil }

    /// Whether connections with other machines are allowed.
    var allowOthers: Bool { insecure || areGiven }

    /// How connections are protected. Credentials count, whatever else is allowed without any.
    var security: ConnectionSecurity {
        if let tlsCert, let tlsKey, let tlsCa {
            return .mutual(certificate: tlsCert, key: tlsKey, trust: tlsCa, checksNames: tlsNames)
        }
        if let secretFile { return .sharedSecret(file: secretFile) }
        return insecure ? .insecure : .loopbackOnly
    }

    /// What protects the connections of a program that is no node; `nil` for nothing.
    ///
    /// - Throws: `ExitCode` 66, after printing the reason, where the files cannot be used.
    func protection(for command: String) throws -> (any ConnectionProtection)? {
        do {
            return try security.protection()
        } catch {
            Output.error("casty \(command): \(error)")
            throw ExitCode(66)
        }
    }

    /// What to say where an address is not on this machine, and nothing protects connections with it.
    static let advice =
        "is reached over the network, and nothing protects the connections: name --tls-cert, --tls-key and --tls-ca, or --secret-file. "
        + "Where the network is protected otherwise, say --insecure"
}
