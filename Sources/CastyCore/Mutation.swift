/// A deliberate bug that tests switch on, to show that the checkers find it: one branch in the code that it breaks.
///
/// The raw values count the cases from 0, at most 64.
package protocol Mutation: RawRepresentable<Int>, CaseIterable, Hashable, Sendable {}

extension Mutation {
    /// Whether the deliberate bugs are compiled in: with the package trait `Mutations` only, never in a product.
    package static var areCompiledIn: Bool {
        #if Mutations
            true
        #else
            false
        #endif
    }
}

/// The deliberate bugs that are switched on. Without the package trait `Mutations` there are none.
package struct MutationSet<Element: Mutation>: Hashable, Sendable, ExpressibleByArrayLiteral {
    private var bits: UInt64 = 0

    package init(arrayLiteral elements: Element...) {
        for element in elements { bits |= Self.bit(element) }
    }

    private static func bit(_ element: Element) -> UInt64 {
        precondition(element.rawValue < 64, "a mutation has a number below 64, not \(element.rawValue)")
        return 1 << UInt64(element.rawValue)
    }

    package var isEmpty: Bool { bits == 0 }

    #if Mutations
        package func contains(_ element: Element) -> Bool { bits & Self.bit(element) != 0 }
    #else
        /// Always `false`: the compiler drops the branches of the deliberate bugs.
        @inlinable @inline(__always)
        package func contains(_ element: Element) -> Bool { false }
    #endif
}
