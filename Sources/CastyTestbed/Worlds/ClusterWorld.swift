import CastyActors
package import CastyCore

/// The runtime of a testbed's nodes, live or simulated, behind one protocol.
package protocol ClusterWorld: AnyObject {
    /// Whether time and network are real.
    var isLive: Bool { get }
    /// The seed of a simulated runtime.
    var seed: UInt64? { get }
    /// The current time.
    var now: Instant { get }
    /// The current time, for code on a thread of the runtime.
    var clock: @Sendable () -> Instant { get }

    /// Makes a node; a second call with the same name makes the next incarnation.
    func makeHost(name: String, address: NodeAddress) -> any ClusterHost

    /// Whether all these addresses are free to listen on.
    func areFree(_ addresses: [NodeAddress]) -> Bool

    /// Blocks all bytes from one host to another.
    func cut(from source: String, to target: String)

    /// Undoes ``cut(from:to:)``.
    func heal(from source: String, to target: String)

    /// Changes what a direction of a link does to bytes; `nil` for the default.
    func shape(from source: String, to target: String, _ shape: LinkShape?)

    /// Lets time pass until a deadline, or until the condition holds; the condition is checked often.
    ///
    /// - Returns: Whether the condition held.
    @discardableResult
    func advance(until deadline: Instant, unless condition: () -> Bool) -> Bool

    /// The reason, if the runtime is stuck.
    var stuck: String? { get }

    /// The number of steps of a simulated runtime.
    var steps: UInt64? { get }

    /// Ends the runtime; none of its code runs afterwards.
    func end()
}

/// One node's host in a runtime, with the controls to freeze and end it.
package protocol ClusterHost: AnyObject, Sendable {
    var world: NodeWorld { get }
    func freeze()
    func thaw()
    /// A crash: sockets are reset, nothing is flushed.
    func kill()
    /// The end after a graceful stop.
    func stop()
}

/// What a link does to the bytes on it.
package struct LinkShape: Hashable, Sendable {
    package var latency: Duration?
    package var jitter: Duration?
    /// The share, 0…1, of pieces that have to be resent.
    package var loss: Double?

    package init(latency: Duration? = nil, jitter: Duration? = nil, loss: Double? = nil) {
        self.latency = latency
        self.jitter = jitter
        self.loss = loss
    }
}
