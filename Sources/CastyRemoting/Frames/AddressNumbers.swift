import CastyCore
import CastySerialization

/// The addresses that one lane has announced numbers for, as the sender keeps them.
///
/// An address gets its number at its second use: an address that is used once, as that of an ask, never takes up a
/// place.
struct AddressNumbers: Sendable {
    /// Hashed by the number of the incarnation and the last name, which tell nearly all addresses apart.
    private struct Key: Hashable {
        let address: ActorAddress

        static func == (left: Key, right: Key) -> Bool { left.address == right.address }

        func hash(into hasher: inout Hasher) {
            hasher.combine(address.uid)
            hasher.combine(address.path.last)
        }
    }

    private static let candidateCount = 512

    private var numbers: [Key: Int] = [:]
    private var cost = 0
    /// Used once, and not so long ago; the oldest makes room for the newest.
    private var candidates: Set<Key> = []
    private var candidateOrder: [Key] = []
    private var oldestCandidate = 0
    /// The newest target and the newest sender: most messages go where the one before went.
    private var lastTarget: (address: ActorAddress, id: Int)?
    private var lastSender: (address: ActorAddress, id: Int)?

    mutating func reference(toTarget address: ActorAddress) -> NameReference {
        if let lastTarget, lastTarget.address == address { return NameReference(form: .number, id: lastTarget.id) }
        let result = reference(to: address)
        if result.id > 0 { lastTarget = (address, result.id) }
        return result
    }

    mutating func reference(toSender address: ActorAddress) -> NameReference {
        if let lastSender, lastSender.address == address { return NameReference(form: .number, id: lastSender.id) }
        let result = reference(to: address)
        if result.id > 0 { lastSender = (address, result.id) }
        return result
    }

    private mutating func reference(to address: ActorAddress) -> NameReference {
        let key = Key(address: address)
        if let id = numbers[key] {
            return NameReference(form: .number, id: id)
        }
        guard numbers.count < WireLimits.internedNames, isKnown(key) else { return .inFull }
        let added = address.announcementCost
        guard cost + added <= WireLimits.internedBytes else { return .inFull }
        cost += added
        let id = numbers.count + 1
        numbers[key] = id
        return NameReference(form: .announced, id: id)
    }

    /// Takes back the newest announcement, because its frame was not written.
    mutating func takeBack(_ address: ActorAddress) {
        numbers[Key(address: address)] = nil
        cost -= address.announcementCost
        lastTarget = nil
        lastSender = nil
    }

    /// Whether the address was used before; if not, it is from now on.
    private mutating func isKnown(_ key: Key) -> Bool {
        if candidates.remove(key) != nil { return true }
        candidates.insert(key)
        if candidateOrder.count < Self.candidateCount {
            candidateOrder.append(key)
        } else {
            candidates.remove(candidateOrder[oldestCandidate])
            candidateOrder[oldestCandidate] = key
            oldestCandidate = (oldestCandidate + 1) % Self.candidateCount
        }
        return false
    }
}

/// The type names that one lane has announced numbers for, as the sender keeps them.
struct TypeNumbers: Sendable {
    private var numbers: [String: Int] = [:]
    private var cost = 0
    private var last: (name: String, id: Int)?

    mutating func reference(to name: String) -> NameReference {
        if let last, last.name == name { return NameReference(form: .number, id: last.id) }
        if let id = numbers[name] {
            last = (name, id)
            return NameReference(form: .number, id: id)
        }
        let added = name.announcementCost
        guard numbers.count < WireLimits.internedNames, cost + added <= WireLimits.internedBytes else { return .inFull }
        cost += added
        let id = numbers.count + 1
        numbers[name] = id
        last = (name, id)
        return NameReference(form: .announced, id: id)
    }

    mutating func takeBack(_ name: String) {
        numbers[name] = nil
        cost -= name.announcementCost
        last = nil
    }
}
