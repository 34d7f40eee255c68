import CastyActors
package import CastyCore
import CastyLive
import Glibc

/// The live runtime of a testbed: threads, a monotonic clock, TCP on the loopback network.
package final class LiveClusterWorld: ClusterWorld {
    private let live: LiveWorld
    private let gate = LinkGate()

    package init() {
        live = LiveWorld()
    }

    package var isLive: Bool { true }
    package var seed: UInt64? { nil }
    package var stuck: String? { nil }
    package var steps: UInt64? { nil }
    package var now: Instant { live.now }
    package var clock: @Sendable () -> Instant { { [live] in live.now } }

    package func makeHost(name: String, address: NodeAddress) -> any ClusterHost {
        LiveHost(live.node(transport: TwoLaneTransport(filter: gate)))
    }

    package func areFree(_ addresses: [NodeAddress]) -> Bool { addresses.allSatisfy(Self.isFree) }

    /// Whether an address can be listened on: tested by binding it, because no other check is reliable.
    private static func isFree(_ address: NodeAddress) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        var place = sockaddr_in()
        place.sin_family = sa_family_t(AF_INET)
        place.sin_port = in_port_t(truncatingIfNeeded: address.port).bigEndian
        guard inet_pton(AF_INET, address.host, &place.sin_addr) == 1 else { return false }
        return withUnsafePointer(to: &place) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0 && listen(descriptor, 1) == 0
            }
        }
    }

    package func cut(from source: String, to target: String) { gate.cut(from: source, to: target) }

    package func heal(from source: String, to target: String) { gate.heal(from: source, to: target) }

    /// Delay and loss exist in the simulated runtime only; the loopback network is left as it is.
    package func shape(from source: String, to target: String, _ shape: LinkShape?) {}

    @discardableResult
    package func advance(until deadline: Instant, unless condition: () -> Bool) -> Bool {
        while true {
            if condition() { return true }
            let left = deadline - live.now
            if left <= .zero { return false }
            usleep(UInt32(clamping: min(left, .milliseconds(5)).nanoseconds / 1000))
        }
    }

    package func end() { live.shutdown() }
}

/// A node of the live runtime.
final class LiveHost: ClusterHost {
    private let node: LiveNode

    init(_ node: LiveNode) {
        self.node = node
    }

    var world: NodeWorld { node.world }

    func freeze() { node.freeze() }

    func thaw() { node.thaw() }

    func kill() { node.kill() }

    func stop() { node.stop {} }
}
