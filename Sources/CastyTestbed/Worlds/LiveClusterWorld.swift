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

    package func areFree(_ addresses: [NodeAddress]) -> Bool { addresses.allSatisfy(FreePort.isFree) }

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
