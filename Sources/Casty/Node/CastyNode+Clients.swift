public import CastySharding

extension CastyNode {
    /// Lets programs that are no members send messages to entities through this node, as `CastyClient` does: to those of
    /// each type that the node hosts, or uses.
    ///
    /// A client needs the capability to operate, see ``ConnectionSecurity``. A node that other machines can reach, and
    /// that has no credentials to tell clients by, refuses them all.
    ///
    /// - Throws: ``ShardingError`` where this was called before, or the node is stopping.
    public func serveClients() throws(ShardingError) { try ClientService.start(on: sharding) }
}
