import Casty
import CastyManagement
import Foundation
import NIOCore
import Testing

private enum Cart: Codable, Sendable {
    case add(String)
    case list(replyTo: ActorRef<[String]>)
}

private let carts = EntityType("cart", of: Cart.self, shards: 4)
private let secret = "a-token-of-thirty-two-characters"

/// A node of a cluster of its own, with entities, and its server.
private func withServer(
    token: Bool = true, joins: Bool = true, _ configure: @escaping (inout ManagementSettings) -> Void = { _ in },
    _ body: (CastyNode, ManagementClient) async throws -> Void
) async throws {
    try await withNode("management", { $0.bind = "127.0.0.1:0" }) { node in
        try node.host(carts) { _ in
            .stateful([String]()) { items, _, message in
                switch message {
                case .add(let item): items.append(item)
                case .list(let replyTo): replyTo.tell(items)
                }
                return .same
            }
        }
        if joins { try await node.joined() }
        let server = try ManagementServer(for: node) {
            $0.bind = "127.0.0.1:0"
            if token { $0.token = try ManagementToken(secret) }
            $0.reportInterval = .milliseconds(20)
            configure(&$0)
        }
        try await server.start()
        let address = try #require(server.address)
        do {
            try await body(node, ManagementClient(port: address.port))
        } catch {
            await server.stop()
            throw error
        }
        await server.stop()
    }
}

private func json(_ text: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
}

@Suite struct ManagementServerTests {
    @Test func showsANodeThatRunsAndIsUp() async throws {
        try await withServer { _, client in
            let live = try await client.send("GET", "/live")
            #expect(live.status == 200)
            let ready = try await client.send("GET", "/ready")
            #expect(ready.status == 200, "\(ready.body)")
            let checks = try #require(try json(ready.body)["checks"] as? [[String: Any]])
            #expect(checks.map { $0["name"] as? String } == ["running", "joined", "lease"])
            #expect(checks.allSatisfy { $0["passed"] as? Bool == true })
        }
    }

    @Test func aNodeThatLeavesIsNotReadyAndThenNotLive() async throws {
        try await withServer { node, client in
            let answer = try await client.send("POST", "/leave", token: secret)
            #expect(answer.status == 202)
            await node.ended()
            let live = try await client.send("GET", "/live")
            #expect(live.status == 503)
            let ready = try await client.send("GET", "/ready")
            #expect(ready.status == 503)
            #expect(ready.body.contains("the node"))
        }
    }

    @Test func showsMembersShardsAndLosses() async throws {
        try await withServer { node, client in
            let cart = node.entity(carts, "cart-1")
            cart.tell(.add("apples"))
            #expect(try await cart.ask { .list(replyTo: $0) } == ["apples"])

            let members = try json(try await client.send("GET", "/members").body)
            let member = try #require((members["members"] as? [[String: Any]])?.first)
            #expect(member["node"] as? String == "\(node.system.address)")
            #expect(member["status"] as? String == "up")

            let shards = try json(try await client.send("GET", "/shards/cart").body)
            let shard = try node.region(carts).shard(of: "cart-1")
            let homes = try #require(shards["homes"] as? [[String: Any]])
            #expect(
                homes.contains { $0["shard"] as? Int == shard && $0["node"] as? String == "\(node.system.address)" })
            let all = try json(try await client.send("GET", "/shards").body)
            #expect((all["types"] as? [[String: Any]])?.map { $0["type"] as? String } == ["cart"])
            let unknown = try await client.send("GET", "/shards/basket")
            #expect(unknown.status == 404)
            #expect(unknown.body.contains("it knows cart"))

            let losses = try await client.send("GET", "/losses")
            #expect(losses.status == 200)
            #expect(try json(losses.body)["losses"] is [Any])
        }
    }

    @Test func metricsAreThoseOfTheNodeAndTheProcess() async throws {
        try await withServer { _, client in
            var text = ""
            // The node reports every 20 ms.
            for _ in 0..<500 where !text.contains("casty_members{status=\"up\"} 1\n") {
                text = try await client.send("GET", "/metrics").body
                try await Task.sleep(for: .milliseconds(10))
            }
            #expect(text.contains("casty_members{status=\"up\"} 1\n"))
            #expect(text.contains("# TYPE casty_messages_handled_total counter\n"))
            #expect(text.contains("\nprocess_resident_memory_bytes "))
        }
    }

    @Test func whatChangesAnythingNeedsTheToken() async throws {
        try await withServer { node, client in
            for wrong in [nil, "", "a-token-of-thirty-two-characterS", secret + "x", String(secret.dropLast())] {
                let answer = try await client.send("POST", "/shards/cart/pause", token: wrong)
                #expect(answer.status == 401, "\(wrong ?? "none")")
                #expect(answer.headers.lowercased().contains("www-authenticate: bearer"))
            }
            #expect(node.snapshot().sharding.first?.isPaused == false)
            let right = try await client.send("POST", "/shards/cart/pause", token: secret)
            #expect(right.status == 202, "\(right.body)")
            let resumed = try await client.send("POST", "/shards/cart/resume", token: secret)
            #expect(resumed.status == 202)
        }
    }

    @Test func withoutATokenNothingCanBeChanged() async throws {
        try await withServer(token: false) { _, client in
            let answer = try await client.send("POST", "/leave", token: "anything")
            #expect(answer.status == 403)
            #expect(try await client.send("GET", "/live").status == 200)
        }
    }

    @Test func verbsDoWhatTheySayOrSayWhyNot() async throws {
        try await withServer { node, client in
            let me = "\(node.system.address)"
            let pin = try await client.send("POST", "/shards/cart/3/pin?to=\(me)", token: secret)
            #expect(pin.status == 202, "\(pin.body)")
            let drain = try await client.send("POST", "/members/\(me)/drain", token: secret)
            #expect(drain.status == 202, "\(drain.body)")
            let view = try json(try await client.send("GET", "/shards/cart").body)
            #expect(view["drained"] as? [String] == [me])
            let back = try await client.send("POST", "/members/\(me)/undrain?type=cart", token: secret)
            #expect(back.status == 202)

            let noShard = try await client.send("POST", "/shards/cart/9/unpin", token: secret)
            #expect(noShard.status == 404)
            #expect(try json(noShard.body)["code"] as? String == "noSuchShard")
            let noNode = try await client.send("POST", "/shards/cart/1/move?to=127.0.0.1:1", token: secret)
            #expect(noNode.status == 404)
            let noMember = try await client.send("POST", "/members/127.0.0.1:1/down", token: secret)
            #expect(noMember.status == 404)
        }
    }

    @Test(arguments: [
        ("GET", "/nothing", 404), ("POST", "/members", 405), ("DELETE", "/live", 405), ("GET", "/shards/%zz", 400),
        ("GET", "/live?x=1", 400), ("GET", "/shards/%ff", 400), ("POST", "/shards/cart/x/unpin", 400),
        ("POST", "/shards/cart/1/move", 400), ("POST", "/shards/cart/1/move?to=nowhere", 400),
        ("POST", "/shards/cart/1/move?to=a:1&to=b:1", 400), ("POST", "/members/here/down", 400),
        ("HEAD", "/members", 200), ("GET", "/openapi.json", 200), ("POST", "/openapi.json", 405),
    ])
    func answersWhatItDoesNotUnderstand(_ method: String, _ path: String, _ status: Int) async throws {
        try await withServer { _, client in
            let answer = try await client.send(method, path, token: secret)
            #expect(answer.status == status, "\(answer.body)")
            if method == "HEAD" { #expect(answer.body.isEmpty) }
            if status >= 400 { #expect(answer.headers.contains("application/problem+json")) }
        }
    }

    @Test func garbageAndTooMuchAreRefused() async throws {
        // After garbage a connection stays open until the client's time is over.
        try await withServer(token: true, { $0.clientTimeout = .seconds(1) }) { _, client in
            let garbage = try await client.raw("\u{16}\u{3}\u{1} no http\r\n\r\n")
            #expect(garbage.hasPrefix("HTTP/1.1 400"))
            let huge = try await client.send(
                "POST", "/leave", token: secret, body: String(repeating: "x", count: 70_000))
            #expect(huge.status == 413)
            #expect(try await client.send("GET", "/live").status == 200)
        }
    }

    @Test func aClientThatIsTooSlowIsClosed() async throws {
        try await withServer(token: true, { $0.clientTimeout = .milliseconds(100) }) { _, client in
            // Returns, because the server closes.
            let unfinished = try await client.raw("GET /live HT")
            #expect(unfinished == "")
            let kept = try await client.raw("GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n")
            #expect(kept.hasPrefix("HTTP/1.1 200"))
        }
    }

    @Test func idleConnectionsGiveWayToNewOnes() async throws {
        try await withServer(token: true, { $0.connectionLimit = 4 }) { _, client in
            var held: [any Channel] = []
            // More than the server has room for, all idle after one answer.
            for _ in 0..<12 { held.append(try await client.hold()) }
            for path in ["/live", "/members"] { #expect(try await client.send("GET", path).status == 200) }
            // The two newest but two had to go, and those before them.
            for channel in held.prefix(8) { try await channel.closeFuture.get() }
            for channel in held { try? await channel.close() }
        }
    }

    @Test func aSourceThatHasItsShareDisplacesItsOwn() async throws {
        try await withServer(token: true, { $0.connectionsPerSource = 2 }) { _, client in
            let other = try await client.hold(host: "127.0.0.2")
            var crowd: [any Channel] = []
            for _ in 0..<40 { crowd.append(try await client.hold()) }
            for channel in crowd.prefix(38) { try await channel.closeFuture.get() }
            #expect(other.isActive)
            for channel in crowd + [other] { try? await channel.close() }
        }
    }

    @Test(arguments: [
        ("localhost", 200), ("LOCALHOST.:80", 200), ("127.0.0.1:8558", 200), ("[::1]:8558", 200), ("10.0.0.7", 200),
        ("casty.shop.internal:8558", 200), ("evil.example", 421), ("evil.example:8558", 421), ("", 421),
        ("127.0.0.1.evil.example", 421),
    ])
    func namesThatAreNotItsOwnAreRefused(_ host: String, _ status: Int) async throws {
        try await withServer(token: true, { $0.hosts = ["casty.shop.internal"] }) { _, client in
            let text = try await client.raw("GET /live HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n\r\n")
            #expect(text.hasPrefix("HTTP/1.1 \(status) "), "\(text)")
        }
    }

    @Test func tooManyAndTooLongHeadersAreRefused() async throws {
        try await withServer { _, client in
            let long = try await client.send("GET", "/live", headers: ["X: " + String(repeating: "x", count: 17 << 10)])
            #expect(long.status == 431)
            let many = try await client.send("GET", "/live", headers: (0..<101).map { "X-\($0): 1" })
            #expect(many.status == 431)
            let some = try await client.send("GET", "/live", headers: (0..<60).map { "X-\($0): 1" })
            #expect(some.status == 200)
        }
    }

    @Test func theDocumentDescribesEveryPath() async throws {
        try await withServer { _, client in
            let document = try json(try await client.send("GET", "/openapi.json").body)
            let paths = try #require(document["paths"] as? [String: Any])
            for (path, operations) in paths {
                for case let operation as [String: Any] in (operations as? [String: Any] ?? [:]).values {
                    let answers = try #require(operation["responses"] as? [String: Any])
                    #expect(Set(["400", "413", "421", "431", "503"]).isSubset(of: answers.keys), "\(path)")
                }
            }
            #expect(
                Set(paths.keys) == [
                    "/live", "/ready", "/members", "/shards", "/shards/{type}", "/losses", "/metrics", "/leave",
                    "/shards/{type}/{shard}/move", "/shards/{type}/{shard}/pin", "/shards/{type}/{shard}/unpin",
                    "/shards/{type}/rebalance", "/shards/{type}/pause", "/shards/{type}/resume",
                    "/members/{member}/drain", "/members/{member}/undrain", "/members/{member}/down",
                ])
        }
    }
}

@Suite struct ManagementSettingsTests {
    private func refusal(_ configure: (inout ManagementSettings) throws -> Void) async throws -> String {
        try await withNode("settings", { $0.bind = "127.0.0.1:0" }) { node in
            do {
                _ = try ManagementServer(for: node, configure)
                return ""
            } catch let error as ManagementError {
                #expect(error.code == .badSetting)
                return error.message
            }
        }
    }

    @Test func settingsThatCannotWorkAreRefused() async throws {
        #expect(try await refusal { $0.bind = "here" }.contains("host:port"))
        #expect(try await refusal { $0.bind = "0.0.0.0:8558" }.contains("insecure"))
        #expect(try await refusal { $0.connectionLimit = 0 }.contains("connectionLimit"))
        #expect(try await refusal { $0.connectionsPerSource = 0 }.contains("connectionsPerSource"))
        #expect(try await refusal { $0.hosts = [""] }.contains("hosts"))
        #expect(try await refusal { $0.clientTimeout = .zero }.contains("clientTimeout"))
        #expect(try await refusal { $0.token = try ManagementToken("short") }.contains("16"))
        #expect(try await refusal { $0.token = try ManagementToken("with a blank in the middle") }.contains("blank"))
        #expect(
            try await refusal {
                $0.bind = "0.0.0.0:0"; $0.insecure = true
            } == "")
    }

    @Test func aTokenIsNotPrinted() throws {
        let token = try ManagementToken(secret)
        var dumped = ""
        dump(token, to: &dumped)
        for text in ["\(token)", String(reflecting: token), "\([token])", dumped] {
            #expect(text.contains("ManagementToken"))
            // Neither the characters nor the bytes.
            #expect(!text.contains("thirty") && !text.contains("116"))
        }
        var settings: [Any] = []
        for child in Mirror(reflecting: token).children { settings.append(child.value) }
        #expect(settings.isEmpty)
    }

    @Test func anAddressThatIsTakenIsAnError() async throws {
        try await withNode("settings", { $0.bind = "127.0.0.1:0" }) { node in
            let first = try ManagementServer(for: node) { $0.bind = "127.0.0.1:0" }
            try await first.start()
            let taken = try #require(first.address)
            try await withNode("other", { $0.bind = "127.0.0.1:0" }) { other in
                let second = try ManagementServer(for: other) { $0.bind = "\(taken)" }
                await #expect { try await second.start() } throws: {
                    ($0 as? ManagementError)?.code == .cannotListen
                }
            }
            await #expect { try await first.start() } throws: { ($0 as? ManagementError)?.code == .alreadyStarted }
            await first.stop()
        }
    }
}
