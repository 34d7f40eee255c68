import Synchronization

/// The living children of one actor, and whether it may have more. It is created with the first child.
final class Family: Sendable {
    private struct State {
        var byName: [String: AnyActorCell] = [:]
        /// The children without a name of their own, by number.
        var numbered: [UInt64: AnyActorCell] = [:]
        var lastNumber: UInt64 = 0
        /// The actor is stopping or has stopped: no child starts any more.
        var isClosed = false

        var isEmpty: Bool { byName.isEmpty && numbered.isEmpty }
        var all: [AnyActorCell] { Array(byName.values) + numbered.values }
        var ordered: [AnyActorCell] { isEmpty ? [] : all.sorted { $0.birth < $1.birth } }
    }

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

    func insert(_ child: AnyActorCell) -> Insertion {
        let number = Self.number(in: child.name)
        return state.withLock { state in
            if state.isClosed { return .closed }
            if let number {
                // Numbers are given once, so it is free.
                state.numbered[number] = child
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
        let number = Self.number(in: child.name)
        return state.withLock { state in
            if let number {
                if state.numbered[number] === child { state.numbered[number] = nil }
            } else if state.byName[child.name] === child {
                state.byName[child.name] = nil
            }
            return state.isEmpty
        }
    }

    /// A name for a child without one: `$` and a number to the base 36. Each is given only once.
    func anonymousName() -> String {
        var number = state.withLock { state in
            state.lastNumber += 1
            return state.lastNumber
        }
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

    /// The number in a name that this type has made; names that users choose do not begin with `$`.
    private static func number(in name: String) -> UInt64? {
        var digits = name.utf8.makeIterator()
        guard digits.next() == 36 else { return nil }
        var number: UInt64 = 0
        var count = 0
        while let digit = digits.next() {
            let value: UInt64
            switch digit {
            case 48...57: value = UInt64(digit - 48)
            case 97...122: value = UInt64(digit - 87)
            default: return nil
            }
            let (product, overflow) = number.multipliedReportingOverflow(by: 36)
            if overflow || product > .max - value || (count == 0 && value == 0) { return nil }
            number = product + value
            count += 1
        }
        return count > 0 ? number : nil
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
            defer { (state.byName, state.numbered, state.isClosed) = ([:], [:], true) }
            return state.ordered
        }
    }

    /// Some children in no certain order.
    func some(_ limit: Int) -> [AnyActorCell] {
        state.withLock { state in
            let named = Array(state.byName.values.prefix(limit))
            return named + state.numbered.values.prefix(limit - named.count)
        }
    }

    func child(named name: String) -> AnyActorCell? {
        let number = Self.number(in: name)
        return state.withLock { state in number.map { state.numbered[$0] } ?? state.byName[name] }
    }

    /// The children in the order of their creation.
    var ordered: [AnyActorCell] { state.withLock { $0.ordered } }
}
