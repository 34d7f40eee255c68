import CastyActors
package import CastyCore

/// The world a testbed's nodes live in: live or simulated, behind one face.
package protocol ClusterWorld: AnyObject {
    /// Whether time and network are real.
    var isLive: Bool { get }
    /// The seed, where the world is simulated.
    var seed: UInt64? { get }
    /// The present moment.
    var now: Instant { get }
    /// The same moment, for whoever runs on a thread of the world.
    var clock: @Sendable () -> Instant { get }

    /// Makes a node; a later one of the same name is its next incarnation.
    func makeHost(name: String, address: NodeAddress) -> any ClusterHost

    /// Whether all these places are free to listen on.
    func areFree(_ addresses: [NodeAddress]) -> Bool

    /// Lets nothing pass from one host to another.
    func cut(from source: String, to target: String)

    /// Undoes ``cut(from:to:)``.
    func heal(from source: String, to target: String)

    /// Changes what a direction of a link does to bytes. `nil` for the default.
    func shape(from source: String, to target: String, _ shape: LinkShape?)

    /// Lets time pass until a moment, but stops as soon as the condition holds, which is looked at often.
    ///
    /// - Returns: Whether the condition held.
    @discardableResult
    func advance(until deadline: Instant, unless condition: () -> Bool) -> Bool

    /// Why the world no longer moves, if it is stuck.
    var stuck: String? { get }

    /// How many steps a simulated world has made.
    var steps: UInt64? { get }

    /// Ends the world; nothing of it runs afterwards.
    func end()
}

/// One node's place in a world, and the switches that hang or end it.
package protocol ClusterHost: AnyObject, Sendable {
    var world: NodeWorld { get }
    func freeze()
    func thaw()
    /// A crash: sockets are reset, nothing is flushed.
    func kill()
    /// The end after a graceful stop.
    func stop()
}

/// What a link does to the bytes that pass.
package struct LinkShape: Hashable, Sendable {
    package var latency: Duration?
    package var jitter: Duration?
    /// The share, 0…1, of pieces that need another try.
    package var loss: Double?

    package init(latency: Duration? = nil, jitter: Duration? = nil, loss: Double? = nil) {
        self.latency = latency
        self.jitter = jitter
        self.loss = loss
    }
}
