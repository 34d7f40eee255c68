import CastyCore
import NIOCore

/// The links between the hosts of a simulated runtime, and the listeners.
package final class SimulatedNetwork: @unchecked Sendable {
    struct Listener {
        let node: SimulatedNode
        var address: NodeAddress
        let accept: @Sendable (any Connection) -> any ConnectionHandler
    }

    /// The profile of links without a profile of their own.
    package private(set) var profile = LinkProfile.lan

    /// The runtime that owns it.
    var world: SimulatedWorld {
        guard let owner else { preconditionFailure("the network is used before its runtime is complete") }
        return owner
    }

    /// Set as soon as the runtime is complete.
    private unowned var owner: SimulatedWorld?
    private let root: SeededGenerator
    private var indexes: [String: Int] = [:]
    private var hosts: [String] = []
    private var links: [[Link?]] = []
    private var listeners: [NodeAddress: Listener] = [:]
    private var lastPort = 49151
    // One thread owns it, and neither of the methods that use it calls out.
    @exclusivity(unchecked) private var scratch = ByteBuffer()

    init(root: SeededGenerator) { self.root = root }

    func attach(to world: SimulatedWorld) { owner = world }

    // MARK: Links

    /// The direction from one host to another. A host has a link to itself too.
    package func link(from source: String, to target: String) -> Link {
        let from = index(of: source)
        let to = index(of: target)
        if let link = links[from][to] { return link }
        let link = Link(
            source: source, target: target, profile: profile, world: world,
            generator: root.fork("link/\(source)/\(target)"))
        links[from][to] = link
        return link
    }

    /// All links used or named so far, in the order of their hosts' first mention.
    package var allLinks: [Link] { links.flatMap { $0.compactMap { $0 } } }

    /// Changes the profile of all links, including later ones.
    package func changeAll(_ change: (inout LinkProfile) -> Void) {
        change(&profile)
        for link in allLinks { change(&link.profile) }
    }

    /// Heals every link.
    package func healAll() {
        for link in allLinks { link.heal() }
    }

    /// Resets every connection between two hosts: both ends see it, and bytes in flight are lost.
    package func resetConnections(between first: String, and second: String) {
        for endpoint in link(from: first, to: second).senders {
            endpoint.fail(TransportError(.reset, "reset on the way"))
            endpoint.peer?.fail(TransportError(.reset, "reset on the way"))
        }
    }

    /// Drops one host's connections with another without notice: the other holds them open until it writes.
    package func forgetConnections(at host: String, with other: String) {
        for endpoint in link(from: host, to: other).senders {
            endpoint.fail(TransportError(.reset, "forgotten by \(host)"))
        }
    }

    private func index(of host: String) -> Int {
        if let index = indexes[host] { return index }
        let index = hosts.count
        indexes[host] = index
        hosts.append(host)
        for row in links.indices { links[row].append(nil) }
        links.append(Array(repeating: nil, count: hosts.count))
        return index
    }

    // MARK: Listeners

    func listener(at address: NodeAddress) -> Listener? { listeners[address] }

    func isListening(_ listener: Listener) -> Bool { listeners[listener.address]?.node === listener.node }

    func listen(on address: NodeAddress, _ listener: Listener) -> Result<NodeAddress, TransportError> {
        var bound = address
        if address.port == 0 {
            repeat {
                lastPort = lastPort == 65535 ? 49152 : lastPort + 1
                bound = NodeAddress(host: address.host, port: lastPort)
            } while listeners[bound] != nil
        }
        guard listeners[bound] == nil else {
            return .failure(TransportError(.addressInUse, "\(bound) is in use"))
        }
        var listener = listener
        listener.address = bound
        listeners[bound] = listener
        return .success(bound)
    }

    func stopListening(_ node: SimulatedNode) {
        listeners = listeners.filter { $0.value.node !== node }
    }

    // MARK: Buffers

    /// An empty buffer to fill. Its storage is reused, because most calls leave it empty or nearly so.
    func takeScratch() -> ByteBuffer {
        var buffer = ByteBuffer()
        swap(&buffer, &scratch)
        buffer.clear()
        return buffer
    }

    /// Takes the buffer back and returns what was written into it.
    func returnScratch(_ buffer: ByteBuffer) -> ByteBuffer {
        let size = buffer.readableBytes
        guard size <= 4096 else { return buffer }
        scratch = buffer
        guard size > 0 else { return ByteBuffer() }
        var copy = ByteBufferAllocator().buffer(capacity: size)
        copy.writeImmutableBuffer(buffer)
        return copy
    }

    func forget() {
        for link in allLinks { link.forget() }
        links = []
        hosts = []
        indexes = [:]
        listeners = [:]
    }
}
