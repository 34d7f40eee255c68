package import CastyCore

/// Two nodes and their actors, for tests of what is written down.
package let nodeA = NodeAddress(host: "127.0.0.1", port: 25_520)
package let nodeB = NodeAddress(host: "::1", port: 25_521)
package let uniqueA = UniqueAddress(address: nodeA, incarnation: 0xA)
package let uniqueB = UniqueAddress(address: nodeB, incarnation: 0xB)

/// A user's actor on ``nodeA``.
package func actor(_ name: String, _ uid: UInt64 = 7) -> ActorAddress {
    ActorAddress(system: "casty", node: nodeA, path: ["user", name], uid: uid)
}
