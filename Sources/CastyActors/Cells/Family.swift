/// The living children of one actor, and whether it may have more.
struct Family: Sendable {
    private var byName: [String: AnyActorCell] = [:]
    private var anonymous: UInt64 = 0
    /// The actor stops, or has stopped: no child begins any more.
    private var isClosed = false

    /// What became of a new child.
    enum Insertion {
        case inserted, nameTaken, closed
    }

    mutating func insert(_ child: AnyActorCell) -> Insertion {
        if isClosed { return .closed }
        guard byName[child.name] == nil else { return .nameTaken }
        byName[child.name] = child
        return .inserted
    }

    /// Removes a child that has stopped.
    ///
    /// - Returns: Whether none is left.
    mutating func remove(_ child: AnyActorCell) -> Bool {
        if byName[child.name] === child { byName[child.name] = nil }
        return byName.isEmpty
    }

    /// A number for a child without a name; never given twice.
    mutating func nextAnonymous() -> UInt64 {
        anonymous += 1
        return anonymous
    }

    /// Lets no child begin any more.
    ///
    /// - Returns: The children that live, in the order of their birth.
    mutating func close() -> [AnyActorCell] {
        isClosed = true
        return ordered
    }

    /// Forgets the children, and lets none begin any more.
    mutating func abandon() -> [AnyActorCell] {
        defer { byName = [:] }
        return close()
    }

    func child(named name: String) -> AnyActorCell? { byName[name] }

    /// The children in the order of their birth.
    var ordered: [AnyActorCell] { byName.isEmpty ? [] : byName.values.sorted { $0.birth < $1.birth } }
}
