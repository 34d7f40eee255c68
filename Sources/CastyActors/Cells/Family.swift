import Synchronization

/// The living children of one actor, and whether it may have more. It is created with the first child.
final class Family: Sendable {
    private struct State {
        var byName: [String: AnyActorCell] = [:]
        /// The children without a name of their own. Each knows its slot, so that neither its start nor its end searches
        /// or hashes, and many cost a word each.
        var anonymous: [AnyActorCell?] = []
        var freeSlots: [UInt32] = []
        /// The actor is stopping or has stopped: no child starts any more.
        var isClosed = false

        var isEmpty: Bool { byName.isEmpty && anonymous.count == freeSlots.count }
        var ordered: [AnyActorCell] {
            isEmpty ? [] : (Array(byName.values) + anonymous.compactMap { $0 }).sorted { $0.birth < $1.birth }
        }

        mutating func insertAnonymous(_ child: AnyActorCell) {
            if let slot = freeSlots.popLast() {
                child.familySlot = slot
                anonymous[Int(slot)] = child
            } else {
                child.familySlot = UInt32(anonymous.count)
                anonymous.append(child)
            }
        }

        mutating func removeAnonymous(_ child: AnyActorCell) {
            let slot = Int(child.familySlot)
            guard anonymous.indices.contains(slot), anonymous[slot] === child else { return }
            anonymous[slot] = nil
            freeSlots.append(child.familySlot)
            // The memory of many that have ended goes back when the last of them has.
            if freeSlots.count == anonymous.count { (anonymous, freeSlots) = ([], []) }
        }
    }

    /// The number in the last name that was made.
    private let lastNumber = Atomic<UInt64>(0)
    private let state = Mutex(State())

    /// The family of all actors that stop without having had a child.
    static let childless: Family = {
        let family = Family()
        _ = family.close()
        return family
    }()

    /// The result of inserting a child.
    enum Insertion {
        case inserted, nameTaken, closed
    }

    /// - Parameter isAnonymous: Whether its name was made by ``anonymousName()``: these are given only once.
    func insert(_ child: AnyActorCell, isAnonymous: Bool) -> Insertion {
        state.withLock { state in
            if state.isClosed { return .closed }
            if isAnonymous {
                state.insertAnonymous(child)
                return .inserted
            }
            // The name of a child that has ended is free, also before this actor has noticed the end.
            if let other = state.byName[child.name], !other.isOver { return .nameTaken }
            state.byName[child.name] = child
            return .inserted
        }
    }

    /// Removes a child that has stopped.
    ///
    /// - Returns: Whether none is left.
    func remove(_ child: AnyActorCell) -> Bool {
        state.withLock { state in
            if child.familySlot != AnyActorCell.noSlot {
                state.removeAnonymous(child)
            } else if state.byName[child.name] === child {
                state.byName[child.name] = nil
            }
            return state.isEmpty
        }
    }

    /// A name for a child without one: `$` and a number to the base 36. Each is given only once.
    func anonymousName() -> String {
        var number = lastNumber.wrappingAdd(1, ordering: .relaxed).newValue
        // At most 13 digits, which with the sign fit into a string without memory of its own.
        return String(unsafeUninitializedCapacity: 14) { buffer in
            var count = 0
            while number > 0 {
                let digit = UInt8(truncatingIfNeeded: number % 36)
                buffer[count] = digit < 10 ? digit + 48 : digit + 87
                number /= 36
                count += 1
            }
            buffer[count] = 36
            count += 1
            for index in 0..<count / 2 { buffer.swapAt(index, count - 1 - index) }
            return count
        }
    }

    /// Prevents further children.
    ///
    /// - Returns: The living children in the order of their creation.
    func close() -> [AnyActorCell] {
        state.withLock { state in
            state.isClosed = true
            return state.ordered
        }
    }

    /// Releases the children and prevents further ones.
    func abandon() -> [AnyActorCell] {
        state.withLock { state in
            defer { (state.byName, state.anonymous, state.freeSlots, state.isClosed) = ([:], [], [], true) }
            return state.ordered
        }
    }

    /// Some children in no certain order.
    func some(_ limit: Int) -> [AnyActorCell] {
        state.withLock { state in
            let named = Array(state.byName.values.prefix(limit))
            return named + state.anonymous.lazy.compactMap { $0 }.prefix(limit - named.count)
        }
    }

    /// - Complexity: Linear in their number for a child without a name of its own.
    func child(named name: String) -> AnyActorCell? {
        state.withLock { state in
            // Names that users choose do not begin with `$`.
            guard name.hasPrefix("$") else { return state.byName[name] }
            return state.anonymous.lazy.compactMap { $0 }.first { $0.name == name }
        }
    }

    /// The children in the order of their creation.
    var ordered: [AnyActorCell] { state.withLock { $0.ordered } }
}
