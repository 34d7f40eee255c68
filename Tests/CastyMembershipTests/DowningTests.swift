import CastyCore
import Testing

@testable import CastyMembership

@Suite("Downing strategies") struct DowningTests {
    static func node(_ number: Int) -> UniqueAddress {
        UniqueAddress(address: TestCluster.address(number), incarnation: UInt64(number))
    }

    /// Up members n1…n(count); the oldest is the one with the given number.
    static func members(_ count: Int, oldest: Int = 1) -> [Member] {
        (1...count).map { number in
            let age = number == oldest ? 1 : number + 1
            return Member(node: node(number), status: .up, upNumber: UInt32(age))
        }
    }

    /// All ways to divide 1…count into groups.
    static func partitions(_ count: Int) -> [[[Int]]] {
        if count == 0 { return [[]] }
        return partitions(count - 1).flatMap { smaller in
            smaller.indices.map { index in
                var grown = smaller
                grown[index].append(count)
                return grown
            } + [smaller + [[count]]]
        }
    }

    /// Who survives when every side decides for itself.
    static func survivors(_ strategy: DowningStrategy, _ members: [Member], _ sides: [[Int]]) -> [[Int]] {
        sides.map { side in
            let others = members.map(\.node).filter { member in !side.contains { node($0) == member } }
            return side.filter { number in
                let view = DowningView(myself: node(number), members: members, unreachable: others)
                return !strategy.decide(view).down.contains(node(number))
            }
        }.filter { !$0.isEmpty }
    }

    @Test("keep-majority: of every split of up to six nodes the side with most votes stays, and no other")
    func keepMajority() {
        for count in 2...6 {
            for sides in Self.partitions(count) where sides.count > 1 {
                let expected = sides.filter { side in
                    side.count * 2 > count || (side.count * 2 == count && side.contains(1))
                }
                #expect(Self.survivors(.keepMajority(), Self.members(count), sides) == expected, "\(sides)")
            }
        }
    }

    @Test("static-quorum: the side that reaches the quorum stays; too big a cluster goes altogether")
    func staticQuorum() {
        for count in 2...6 {
            for size in 1...6 {
                for sides in Self.partitions(count) where sides.count > 1 {
                    let expected = count > 2 * size - 1 ? [] : sides.filter { $0.count >= size }
                    #expect(Self.survivors(.staticQuorum(size: size), Self.members(count), sides) == expected)
                }
            }
        }
    }

    @Test("keep-oldest: the side of the oldest stays, unless the oldest is alone against two or more")
    func keepOldest() {
        for count in 2...5 {
            for oldest in 1...count {
                for sides in Self.partitions(count) where sides.count > 1 {
                    let left = Self.survivors(.keepOldest(), Self.members(count, oldest: oldest), sides)
                    let isAlone = sides.contains([oldest]) && count > 2
                    let other = sides.filter { !$0.contains(oldest) }
                    // Only of two sides the other one knows that it has everyone but the oldest.
                    let expected = isAlone ? (sides.count == 2 ? other : []) : sides.filter { $0.contains(oldest) }
                    #expect(left == expected, "\(sides) oldest \(oldest)")
                    let always = Self.survivors(
                        .keepOldest(downIfAlone: false), Self.members(count, oldest: oldest), sides)
                    #expect(always == sides.filter { $0.contains(oldest) })
                }
            }
        }
    }

    @Test("down-all keeps no member, manual keeps all")
    func extremes() {
        for sides in Self.partitions(4) where sides.count > 1 {
            #expect(Self.survivors(.downAll, Self.members(4), sides).isEmpty)
            #expect(Self.survivors(.manual, Self.members(4), sides) == sides)
        }
    }

    @Test("a strategy with a role counts only members of that role")
    func roles() {
        var members = Self.members(5)
        for index in [3, 4] {
            members[index] = Member(node: members[index].node, status: .up, upNumber: 9, roles: ["data"])
        }
        let left = Self.survivors(.keepMajority(role: "data"), members, [[1, 2, 3], [4, 5]])
        #expect(left == [[4, 5]])
        #expect(Self.survivors(.keepMajority(role: "none"), members, [[1, 2, 3], [4, 5]]).isEmpty)
    }

    @Test("joining and weakly up members have no vote and go with their side")
    func noVotes() {
        var members = Self.members(3)
        for number in 4...6 {
            members.append(Member(node: Self.node(number), status: number == 6 ? .weaklyUp : .joining))
        }
        let view = DowningView(myself: Self.node(1), members: members, unreachable: (3...6).map(Self.node))
        let decision = DowningStrategy.keepMajority().decide(view)
        #expect(decision.kind == .downUnreachable)
        #expect(decision.down == (3...6).map(Self.node))
    }

    @Test("where the leader is on the other side, changes that may be under way count against one's own side")
    func pessimism() {
        // n1 leads. Here n2 and n3 hold two of three votes; but n1 may have let n4 and n5 in meanwhile.
        var members = Self.members(3)
        members += [Member(node: Self.node(4), status: .joining), Member(node: Self.node(5), status: .joining)]
        let there = [Self.node(1), Self.node(4), Self.node(5)]
        let view = DowningView(myself: Self.node(2), members: members, unreachable: there)
        #expect(DowningStrategy.keepMajority().decide(view).kind == .downReachable)
        let other = DowningView(myself: Self.node(1), members: members, unreachable: [Self.node(2), Self.node(3)])
        #expect(DowningStrategy.keepMajority().decide(other).kind == .downReachable)
    }

    @Test(
        "of members that cannot reach each other the fewest and youngest go, and all who see the same decide the same")
    func indirect() {
        let members = Self.members(5)
        let rows = [(1, 4), (4, 1), (2, 4)].map { DowningView.Row(observer: Self.node($0), subject: Self.node($1)) }
        for number in 1...5 {
            let unreachable = [1, 4].map(Self.node)
            let view = DowningView(
                myself: Self.node(number), members: members, unreachable: unreachable, indirect: unreachable, rows: rows
            )
            let decision = DowningStrategy.keepMajority().decide(view)
            #expect(decision.kind == .downIndirectlyConnected)
            #expect(decision.down == [Self.node(4)], "from n\(number)")
        }
    }
}
