/// The living children of one actor, and whether it may have more.
struct Family: Sendable {
    private var byName: [String: AnyActorCell] = [:]
    private var anonymous: UInt64 = 0
    /// The actor is stopping or has stopped: no child starts any more.
    private var isClosed = false

    /// The result of inserting a child.
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

    /// A number for a child without a name. Each is given only once.
    mutating func nextAnonymous() -> UInt64 {
        anonymous += 1
        return anonymous
    }

    /// Prevents further children.
    ///
    /// - Returns: The living children in the order of their creation.
    mutating func close() -> [AnyActorCell] {
        isClosed = true
        return ordered
    }

    /// Releases the children and prevents further ones.
    mutating func abandon() -> [AnyActorCell] {
        defer { byName = [:] }
        return close()
    }

    /// Some children in no certain order.
    func some(_ limit: Int) -> [AnyActorCell] { Array(byName.values.prefix(limit)) }

    func child(named name: String) -> AnyActorCell? { byName[name] }

    /// The children in the order of their creation.
    var ordered: [AnyActorCell] { byName.isEmpty ? [] : byName.values.sorted { $0.birth < $1.birth } }
}
