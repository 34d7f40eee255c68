import CastyCore
import CastySerialization

/// The addresses for which one lane has announced numbers, on the sender's side.
///
/// An address gets its number at its second use. An address that is used once, such as that of an ask, never takes up a
/// number.
struct AddressNumbers: Sendable {
    /// Hashed by the uid and the last name, which distinguish nearly all addresses.
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
    /// Addresses used once recently; the newest displaces the oldest.
    private var candidates: Set<Key> = []
    private var candidateOrder: [Key] = []
    private var oldestCandidate = 0
    /// The last target and the last sender. Most messages go where the previous one went.
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

    /// The number of an address, if it has one.
    func number(of address: ActorAddress) -> Int? { numbers[Key(address: address)] }

    /// Undoes the last announcement, because its frame was not written.
    mutating func takeBack(_ address: ActorAddress) {
        numbers[Key(address: address)] = nil
        cost -= address.announcementCost
        lastTarget = nil
        lastSender = nil
    }

    /// Whether the address was used before. If not, it counts as used from now on.
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

/// The type names for which one lane has announced numbers, on the sender's side.
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

    /// The number of a name, if it has one.
    func number(of name: String) -> Int? { numbers[name] }

    mutating func takeBack(_ name: String) {
        numbers[name] = nil
        cost -= name.announcementCost
        last = nil
    }
}
