import CastyCore
import Testing

@Suite struct AddressTests {
    @Test("addresses are equal when host, port and incarnation are, and of two that differ exactly one comes first")
    func order() {
        let hosts = ["127.0.0.1", "127.0.0.01", "127.0.0.10", "127.0.0.2", "::1", "alpha", "beta"]
        let all = hosts.flatMap { host in
            [(1, 7), (1, 8), (2, 7)].map { port, incarnation in
                UniqueAddress(
                    address: NodeAddress(host: host, port: port), incarnation: UInt64(incarnation))
            }
        }
        for (i, one) in all.enumerated() {
            for (j, other) in all.enumerated() {
                #expect((one == other) == (i == j))
                #expect((one.address == other.address) == (one.address.description == other.address.description))
                #expect((one < other) != (other < one) || i == j)
                #expect(!(one < other && one == other))
            }
        }
        let ports = [(1, 8), (2, 7)].map { port, incarnation in
            UniqueAddress(address: NodeAddress(host: "alpha", port: port), incarnation: UInt64(incarnation))
        }
        #expect(ports[0] < ports[1])
    }

    @Test(
        "an address comes back from its text",
        arguments: ["127.0.0.1:25520", "[::1]:1", "node-a.example:65535", "[fe80::1]:0"])
    func nodeAddressRoundTrip(text: String) {
        #expect(NodeAddress(text)?.description == text)
    }

    @Test(
        "what is no place is refused",
        arguments: [
            "", "host", ":1", "host:", "host:x", "host:65536", "::1:5", "[::1]", "[host]:1", "a b:1", "h:-1", "h:+1",
        ])
    func badNodeAddress(text: String) {
        #expect(NodeAddress(text) == nil)
    }

    @Test("IPv4 hosts compare by their numbers, not their letters")
    func numericOrder() {
        let hosts = ["127.0.0.10", "127.0.0.9", "127.0.0.1", "b", "a", "127.0.0.2"].map {
            NodeAddress(host: $0, port: 1)
        }
        #expect(hosts.sorted().map(\.host) == ["127.0.0.1", "127.0.0.2", "127.0.0.9", "127.0.0.10", "a", "b"])
        #expect(NodeAddress(host: "a", port: 2) < NodeAddress(host: "a", port: 10))
    }

    @Test(
        "an actor's address comes back from its text, whatever its names hold",
        arguments: [["user", "cart", "17"], ["a b", "/", "#", "%", "ü\u{1F600}"], ["user", "x@y:z"], ["\u{0}"]])
    func actorAddressRoundTrip(path: [String]) {
        for node in [NodeAddress(host: "127.0.0.1", port: 1), NodeAddress(host: "::1", port: 2)] {
            for uid: UInt64 in [0, 1, .max] {
                let address = ActorAddress(system: "shop @ 1", node: node, path: path, uid: uid)
                let back = ActorAddress(address.description)
                #expect(back == address)
                #expect(back?.system == address.system)
                #expect(back?.description == address.description)
            }
        }
    }

    @Test("an actor's address is written in full, and what a URI reserves is encoded")
    func actorAddressText() {
        let nodes = [
            (NodeAddress(host: "127.0.0.1", port: 25520), "@127.0.0.1:25520"),
            (NodeAddress(host: "node-a.example", port: 0), "@node-a.example:0"),
            (NodeAddress(host: "a", port: 65_535), "@a:65535"), (NodeAddress(host: "::1", port: 9), "@[::1]:9"),
            (NodeAddress(host: "", port: 7), "@:7"), (NodeAddress(host: "a", port: -5), "@a:-5"),
            (NodeAddress(host: "a", port: 1_234_567), "@a:1234567"), (.local, ""),
        ]
        let paths = [
            (["temp"], "/temp"), (["user", "a~b_c-d.e", "Z9"], "/user/a~b_c-d.e/Z9"), (["a b", "ü"], "/a%20b/%C3%BC"),
            ([String(repeating: "long", count: 50)], "/" + String(repeating: "long", count: 50)),
        ]
        let numbers: [(UInt64, String)] = [(0, ""), (1, "#1"), (0x9AF0, "#9af0"), (.max, "#ffffffffffffffff")]
        for (system, name) in [("shop", "shop"), ("my shop", "my%20shop")] {
            for (node, host) in nodes {
                for (path, names) in paths {
                    for (uid, number) in numbers {
                        let address = ActorAddress(system: system, node: node, path: path, uid: uid)
                        #expect(address.description == "casty://\(name)\(host)\(names)\(number)")
                    }
                }
            }
        }
    }

    @Test(
        "what is no actor's address is refused",
        arguments: [
            "", "casty://", "http://s@h:1/a", "casty://s@h:1", "casty://s@h:1/", "casty://s@h:1//a", "casty://s@h:1/a#",
            "casty://s@h:1/a#0", "casty://s@h:1/a#xyz", "casty://s@h:1/a%2", "casty://s@h:1/%FF", "casty://@h:1/a",
            "casty://s@h/a",
        ])
    func badActorAddress(text: String) {
        #expect(ActorAddress(text) == nil)
    }

    @Test("an address is its node, path and number")
    func actorIdentity() {
        let node = NodeAddress(host: "h", port: 1)
        let first = ActorAddress(system: "s", node: node, path: ["user", "a"], uid: 1)
        #expect(first != ActorAddress(system: "s", node: node, path: ["user", "a"], uid: 2))
        #expect(first.child("b", uid: 3).pathText == "/user/a/b")
    }
}
