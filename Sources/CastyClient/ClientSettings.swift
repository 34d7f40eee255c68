public import Casty
import CastyCore
import CastyRemoting
public import CastySerialization
import CastySharding

/// How a client is made: set in the closure of ``CastyClient/init(_:nodes:_:)``, and checked there.
public struct ClientSettings: Sendable {
    /// How connections are protected: in the same way as those of the nodes, with credentials that allow to operate.
    public var tls = ConnectionSecurity.loopbackOnly
    /// How messages are written. Nodes read both forms of Casty's own, and a custom one where they have the same.
    public var codec = MessageFormat.binary
    /// The most bytes that a frame may take, of which a message gets 8 KiB less; 64 KiB…64 MiB, and no more than the
    /// nodes allow.
    public var frameLimit = ByteCount(bytes: RemotingSettings().frameLimit)
    /// Names of message types that differ from those of the Swift types; the same as on the nodes.
    public let types = TypeRegistry()
    /// How many threads carry the client, 1…64. They encode nothing: that happens on the caller's thread.
    public var workers = 2

    init() {}

    func remoting() throws(ClientError) -> RemotingSettings {
        let range = ByteCount.kibibytes(64)...ByteCount.mebibytes(64)
        guard range.contains(frameLimit) else {
            throw ClientError(
                .badSetting, "frameLimit is \(frameLimit): it must be \(range.lowerBound) to \(range.upperBound)")
        }
        guard (1...64).contains(workers) else {
            throw ClientError(.badSetting, "workers is \(workers): it must be 1 to 64")
        }
        var remoting = RemotingSettings()
        remoting.frameLimit = frameLimit.bytes
        remoting.codec = codec.id
        remoting.serializer = codec.custom.map { CustomSerializer(id: codec.id, serializer: $0.serializer) }
        return remoting
    }

    /// Reads the addresses of nodes; spellings of one address become one.
    func addresses(_ texts: [String]) throws(ClientError) -> [NodeAddress] {
        guard !texts.isEmpty else { throw ClientError(.badSetting, "nodes is empty: name at least one node") }
        var addresses: [NodeAddress] = []
        for text in texts {
            guard let address = NodeAddress(text)?.canonical, address.port != 0 else {
                throw ClientError(
                    .badSetting, "nodes holds \"\(text)\": it must be host:port, as 127.0.0.1:25520 or [::1]:25520")
            }
            guard address.isLoopback || tls.allowsOthers else {
                throw ClientError(
                    .badSetting,
                    "nodes holds \(address), which is on another machine, and nothing protects the connections: set tls "
                        + "= .mutual(certificate:key:trust:) or .sharedSecret(file:) of CastyTLS, or, where the network is "
                        + "protected otherwise, tls = .insecure")
            }
            addresses.append(address)
        }
        return addresses
    }
}
