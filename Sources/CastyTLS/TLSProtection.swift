import CastyCore
import CastyLive
import NIOCore
import NIOSSL

/// Protects connections by TLS, with certificates or with a shared secret.
///
/// With certificates it is TLS 1.3, and both ends show one. With a secret it is TLS 1.2 with the one cipher suite
/// `TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256` (RFC 7905, after RFC 5489): the library offers secrets in that version
/// only. Keys come from the secret and from a fresh Diffie-Hellman exchange, so the secret
/// proves both ends, and who learns it later cannot read what was recorded. No other version or suite is offered or
/// accepted, so there is nothing to downgrade to.
final class TLSProtection: ConnectionProtection {
    private enum Credentials {
        case certificates(CertificateFiles)
        case secret(SharedSecret, dialling: NIOSSLContext, accepting: [PeerAuthentication.Capability: NIOSSLContext])
    }

    private let credentials: Credentials

    /// Reads the files.
    ///
    /// - Throws: ``CredentialError`` where they cannot be used.
    init(_ files: CertificateFiles) throws(CredentialError) {
        try files.load()
        credentials = .certificates(files)
    }

    init(_ secret: SharedSecret) throws(CredentialError) {
        do {
            let strongest = secret.strongest
            credentials = .secret(
                secret, dialling: try NIOSSLContext(configuration: .secret(secret, dialling: strongest)),
                accepting: try Dictionary(
                    uniqueKeysWithValues: secret.bytes.keys.map {
                        ($0, try NIOSSLContext(configuration: .secret(secret, accepting: $0)))
                    }))
        } catch {
            throw CredentialError("the secret cannot be used: \(error)")
        }
    }

    var capability: PeerAuthentication.Capability {
        switch credentials {
        // The certificate says what its owner may do. One that is not valid now says nothing; TLS refuses it.
        case .certificates(let files): files.capability ?? .member
        case .secret(let secret, _, _): secret.strongest
        }
    }

    func handler(dialling address: NodeAddress) throws -> any ChannelHandler {
        switch credentials {
        case .certificates(let files):
            // The name of a server is a name only; numeric addresses are compared with that of the socket.
            let isNumeric = (try? SocketAddress(ipAddress: address.host, port: 0)) != nil
            return try NIOSSLClientHandler(
                context: try files.contexts().dialling, serverHostname: isNumeric ? nil : address.host)
        case .secret(_, let dialling, _): return try NIOSSLClientHandler(context: dialling, serverHostname: nil)
        }
    }

    func handler(accepting capability: PeerAuthentication.Capability) throws -> any ChannelHandler {
        switch credentials {
        case .certificates(let files): return NIOSSLServerHandler(context: try files.contexts().accepting)
        case .secret(_, _, let accepting):
            guard let context = accepting[capability] else {
                throw CredentialError("this node has no secret to \(capability.verb)")
            }
            return NIOSSLServerHandler(context: context)
        }
    }

    func authentication(
        of channel: any Channel, acceptedFor capability: PeerAuthentication.Capability?
    ) -> PeerAuthentication? {
        guard let handler = try? channel.pipeline.syncOperations.handler(type: NIOSSLHandler.self),
            handler.tlsVersion != nil
        else { return nil }
        switch credentials {
        case .certificates(let files):
            return handler.peerCertificate.flatMap { $0.authentication(checksNames: files.checksNames) }
        case .secret:
            // Who answers a connection that this process has begun is taken for a node, because that is who listens. It
            // knows the secret that was used, and a client with a secret to observe cannot tell nodes from observers.
            return PeerAuthentication(capability ?? .member)
        }
    }

    func explanation(of error: any Error) -> String? { TLSFailure.explanation(of: error) }
}

extension SharedSecret {
    fileprivate func key(for capability: PeerAuthentication.Capability) -> NIOSSLSecureBytes {
        var key = NIOSSLSecureBytes()
        key.append(bytes[capability] ?? [])
        return key
    }
}

extension TLSConfiguration {
    private static let suite = "ECDHE-PSK-CHACHA20-POLY1305"

    static func secret(_ secret: SharedSecret, dialling capability: PeerAuthentication.Capability) -> TLSConfiguration {
        var configuration = TLSConfiguration.makePreSharedKeyConfiguration()
        configuration.onlyECDHE()
        let key = secret.key(for: capability)
        let identity = "casty \(capability)"
        configuration.pskClientProvider = { _ in PSKClientIdentityResponse(key: key, identity: identity) }
        return configuration
    }

    static func secret(_ secret: SharedSecret, accepting capability: PeerAuthentication.Capability) -> TLSConfiguration
    {
        var configuration = TLSConfiguration.makePreSharedKeyConfiguration()
        configuration.onlyECDHE()
        let key = secret.key(for: capability)
        let identity = "casty \(capability)"
        configuration.pskServerProvider = { context in
            guard context.clientIdentity == identity else { throw CredentialError("an unknown identity") }
            return PSKServerIdentityResponse(key: key)
        }
        return configuration
    }

    private mutating func onlyECDHE() {
        cipherSuites = Self.suite
        // There are no certificates, so no authority is asked.
        trustRoots = .certificates([])
        minimumTLSVersion = .tlsv12
        maximumTLSVersion = .tlsv12
    }
}

/// Why credentials cannot be used.
struct CredentialError: Error, Hashable, CustomStringConvertible {
    let message: String

    init(_ message: String) {
        self.message = message
    }

    var description: String { message }
}
