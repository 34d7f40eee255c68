import CastyCore
import CastyLive
import Glibc

/// The threads and the transport that a node is made on.
struct NodeRuntime {
    let world: LiveWorld
    let host: LiveNode
    private let transport: any MessageTransport

    /// - Parameter protection: What protects the connections; `nil` for nothing.
    init(_ settings: NodeSettings, _ protection: (any ConnectionProtection)?) {
        world = settings.workers.map { LiveWorld(workers: $0) } ?? LiveWorld()
        if let own = settings.transport {
            transport = own
            host = world.node(transport: SuspendableTransport(own))
        } else {
            let tcp = TwoLaneTransport(protection: protection)
            transport = tcp
            host = world.node(transport: tcp)
        }
    }

    /// Chooses the ports that the settings leave open.
    func reserve(_ addresses: NodeAddresses) throws(NodeError) -> NodeAddresses {
        var addresses = addresses
        do {
            addresses.bind = try transport.reserve(addresses.bind)
        } catch {
            throw NodeError(.cannotListen, "cannot listen on \(error.message)", cause: error)
        }
        if addresses.advertise.port == 0 {
            addresses.advertise = NodeAddress(host: addresses.advertise.host, port: addresses.bind.port)
        }
        return addresses
    }

    /// Ends what was begun, where the node cannot be made.
    func discard() {
        host.kill()
        world.shutdown()
    }
}

extension CastyNode {
    /// An event loop needs a few files, and the network library continues without an error if there are none left.
    static func requireFiles() throws(NodeError) {
        var files: [Int32] = []
        defer { for file in files { close(file) } }
        for _ in 0..<8 {
            let file = open("/dev/null", O_RDONLY | O_CLOEXEC)
            guard file >= 0 else {
                throw NodeError(
                    .tooFewFiles, "a node needs more open files than are left: \(String(cString: strerror(errno)))")
            }
            files.append(file)
        }
    }
}

/// A transport of the user's own in the live runtime, which ends it with its node.
private final class SuspendableTransport: MessageTransport, Suspendable {
    private let own: any MessageTransport

    init(_ own: any MessageTransport) { self.own = own }

    func reserve(_ address: NodeAddress) throws(TransportError) -> NodeAddress { try own.reserve(address) }

    func listen(
        on address: NodeAddress, accept: @escaping @Sendable (any Connection) -> any ConnectionHandler,
        completion: @escaping @Sendable (Result<NodeAddress, TransportError>) -> Void
    ) { own.listen(on: address, accept: accept, completion: completion) }

    func connect(
        to address: NodeAddress, from source: NodeAddress, timeout: Duration, handler: any ConnectionHandler
    ) { own.connect(to: address, from: source, timeout: timeout, handler: handler) }

    func shutdown(completion: @escaping @Sendable () -> Void) { own.shutdown(completion: completion) }

    // Only test clusters freeze nodes, and those have transports of the runtime.
    func freeze() {}

    func thaw() {}

    func kill() { own.shutdown {} }
}
