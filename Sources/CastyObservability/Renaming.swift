extension NodeSnapshot {
    /// The same snapshot with other names for the nodes.
    ///
    /// - Parameter rename: Replaces the node names in a text.
    public func renamed(_ rename: (String) -> String) -> NodeSnapshot {
        var renamed = self
        renamed.name = rename(name)
        renamed.membership.rename(rename)
        for index in renamed.sharding.indices { renamed.sharding[index].rename(rename) }
        for index in renamed.associations.indices {
            renamed.associations[index].peerName = rename(associations[index].peerName)
        }
        return renamed
    }
}

extension RuntimeEvent {
    /// The same event with other names for the nodes.
    ///
    /// - Parameter rename: Replaces the node names in a text.
    public func renamed(_ rename: (String) -> String) -> RuntimeEvent {
        var renamed = self
        renamed.id = EventID(node: rename(id.node), number: id.number)
        renamed.causes = causes.map { EventID(node: rename($0.node), number: $0.number) }
        renamed.subject = subject.map(rename)
        renamed.from = from.map(rename)
        renamed.to = to.map(rename)
        renamed.reason = reason.map(rename)
        renamed.text = text.map(rename)
        return renamed
    }
}

extension MembershipSnapshot {
    fileprivate mutating func rename(_ rename: (String) -> String) {
        for index in members.indices { members[index].name = rename(members[index].name) }
        for index in clock.indices { clock[index].name = rename(clock[index].name) }
        for index in peers.indices {
            peers[index].name = rename(peers[index].name)
            peers[index].witness = peers[index].witness.map(rename)
        }
        waitingFor = waitingFor.map(rename)
        pendingLeaderActions = pendingLeaderActions.map(rename)
        if let downing {
            self.downing?.decision = rename(downing.decision)
            self.downing?.reason = rename(downing.reason)
        }
    }
}

extension ShardingSnapshot {
    fileprivate mutating func rename(_ rename: (String) -> String) {
        guard let handoffs = coordinating?.handoffs else { return }
        coordinating?.handoffs = handoffs.map(rename)
    }
}
