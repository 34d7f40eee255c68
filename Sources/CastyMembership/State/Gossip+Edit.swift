import CastyCore

extension Gossip {
    mutating func add(_ member: Member) {
        let index = members.sortedIndex(of: member.node, by: \.node)
        if index < members.count, members[index].node == member.node { return }
        members.insert(member, at: index)
        highestUpNumber = max(highestUpNumber, member.upNumber ?? 0)
    }

    /// Moves a member to a status, if that is a legal step.
    mutating func setStatus(_ status: MemberStatus, of node: UniqueAddress) {
        let index = members.sortedIndex(of: node, by: \.node)
        guard index < members.count, members[index].node == node, members[index].status.mayBecome(status) else {
            return
        }
        members[index].status = status
        if status == .up { members[index].upNumber = takeUpNumber() }
    }

    /// A number that no member has had before.
    private mutating func takeUpNumber() -> UInt32 {
        let (next, overflow) = highestUpNumber.addingReportingOverflow(1)
        highestUpNumber = overflow ? .max : next
        return highestUpNumber
    }

    /// Replaces an observer's row about a subject; `nil` means that the observer reaches the subject.
    mutating func setRow(_ row: ReachabilityRow?, by observer: UniqueAddress, of subject: UniqueAddress) {
        guard self.row(by: observer, of: subject) != row else { return }
        let index = reachability.sortedIndex(of: observer, by: \.observer)
        if index == reachability.count || reachability[index].observer != observer {
            reachability.insert(ObserverRows(observer: observer, version: 0, rows: []), at: index)
        }
        let (next, overflow) = reachability[index].version.addingReportingOverflow(1)
        reachability[index].version = overflow ? .max : next
        reachability[index].rows.removeAll { $0.subject == subject }
        if let row {
            let rowIndex = reachability[index].rows.sortedIndex(of: subject, by: \.subject)
            reachability[index].rows.insert(row, at: rowIndex)
        }
    }

    /// Removes a member permanently: adds a tombstone.
    ///
    /// - Parameter silence: How long ago the last proof can have prolonged its lease; zero where that is unknown.
    mutating func addTombstone(_ node: UniqueAddress, silence: Duration = .zero) {
        guard let member = member(node) else { return }
        let rowIndex = tombstones.sortedIndex(of: node, by: \.node)
        tombstones.insert(Tombstone(node: node, lastStatus: member.status, silence: silence), at: rowIndex)
        dropGone()
    }

    /// Drops the tombstone of a removed member.
    mutating func forget(_ node: UniqueAddress) {
        guard let tombstone = tombstones.first(where: { $0.node == node }) else { return }
        forgotten &+= tombstone.changes
        tombstones.removeAll { $0.node == node }
    }
}
