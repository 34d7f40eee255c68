import CastyCore

extension NodeSnapshot {
    /// The same snapshot with other names for the nodes.
    ///
    /// - Parameter rename: Replaces the node names in a text.
    public func renamed(_ rename: (String) -> String) -> NodeSnapshot {
        var renamed = self
        renamed.name = rename(name)
        renamed.membership.rename(rename)
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
        renamed.reason = reason?.renamed(rename)
        renamed.detail = detail?.renamed(rename)
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
    }
}

extension EventReason {
    fileprivate func renamed(_ rename: (String) -> String) -> EventReason {
        switch self {
        case .membership(let cause): .membership(cause.map(rename))
        case .lost(.killed(let node)): .lost(.killed(rename(node)))
        case .lost(.ended(let node)): .lost(.ended(rename(node)))
        case .lost(.disconnected(let from, let to)): .lost(.disconnected(from: rename(from), to: rename(to)))
        case .lost(.refused(let node, let state)): .lost(.refused(by: rename(node), state))
        case .text(let text): .text(rename(text))
        case .downing, .stopped, .lost(.ledger), .epoch, .allocation, .move, .handoff, .forced, .unavailable, .failed,
            .notice, .rule, .after:
            self
        }
    }
}

extension EventDetail {
    fileprivate func renamed(_ rename: (String) -> String) -> EventDetail {
        switch self {
        case .observers(let nodes, let witness): .observers(nodes.map(rename), witness: witness.map(rename))
        case .downs(let nodes): .downs(nodes.map(rename))
        case .text(let text): .text(rename(text))
        case .singleton(let name, .waits(let nodes, let until)):
            .singleton(name, .waits(for: nodes.map(rename), until: until))
        case .upNumber, .lastStatus, .version, .clusters, .type, .unplaced, .membership, .singleton(_, .runs),
            .singleton(_, .stopped),
            .singleton(_, .ended), .singleton(_, .paused), .singleton(_, .resumed), .sharding, .incarnation, .reply,
            .envelope,
            .failures:
            self
        }
    }
}
