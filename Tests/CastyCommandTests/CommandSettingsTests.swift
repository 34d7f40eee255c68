import ArgumentParser
import CastyCluster
import Testing

@testable import CastyCommand

@Suite("Settings from the environment and a file")
struct CommandSettingsTests {
    private static func complete(
        _ arguments: [String], _ environment: [String: String] = [:], file: String = ""
    ) throws -> CommandSettings {
        try CommandSettings(arguments, environment: environment) { _ in file }
    }

    private static func node(
        _ arguments: [String], _ environment: [String: String] = [:], file: String = ""
    ) throws -> NodeCommand {
        let settings = try complete(["node"] + arguments, environment, file: file)
        return try #require(try Casty.parseAsRoot(settings.arguments) as? NodeCommand)
    }

    @Test("variables set options, lists are separated by commas, empty ones and false flags set nothing")
    func variables() throws {
        let node = try Self.node(
            [],
            [
                "CASTY_LISTEN": "127.0.0.1:7001", "CASTY_SEED_NODE": "127.0.0.1:7001, 127.0.0.1:7002",
                "CASTY_FOUND": "yes", "CASTY_REMEMBER": "0", "CASTY_DATA": "",
                "CASTY_TIMING": "heartbeat=250ms,samples=9",
            ])
        #expect(node.place.seedNode == ["127.0.0.1:7001", "127.0.0.1:7002"])
        #expect(node.place.found && !node.remember && node.data == nil)
        #expect(node.times.timings.heartbeat == .milliseconds(250))
        #expect(node.times.timings.samples == 9)
    }

    @Test("the command line wins over the environment, which wins over the file, and lists are not mixed")
    func precedence() throws {
        let file = """
            listen = "127.0.0.1:1"
            seed-node = ["127.0.0.1:3", "127.0.0.1:4"]
            shards = 7
            cluster = "of-file"
            [timing]
            heartbeat = "400ms"
            """
        let environment = ["CASTY_LISTEN": "127.0.0.1:2", "CASTY_SHARDS": "8", "CASTY_CONFIG": "node.toml"]
        let node = try Self.node(["--shards", "9", "--seed-node=127.0.0.1:5"], environment, file: file)
        #expect(node.place.listen == "127.0.0.1:2")
        #expect(node.place.seedNode == ["127.0.0.1:5"])
        #expect(node.shards == 9 && node.cluster == "of-file")
        #expect(node.times.timings.heartbeat == .milliseconds(400))
    }

    @Test(
        "an error of the file names its line and what is expected",
        arguments: [
            ("seeds = [\"a:1\"]", "node.toml:1: seeds is no setting of a node; expected listen, advertise, seed-node"),
            ("\nfound = \"yes\"", "node.toml:2: found is a text; expected true or false"),
            ("seed-node = [[\"a:1\"]]", "node.toml:1: seed-node is a list; expected a list of texts"),
            ("[timings]\nheartbeat = \"1s\"", "node.toml:1: [timings] is no table of this file; expected [timing]"),
            ("listen = ", "node.toml:1:"), ("config = \"other.toml\"", "config is no setting of a node"),
        ])
    func badFile(text: String, words: String) {
        let error = #expect(throws: CommandSettings.Problem.self) {
            try Self.complete(["node", "--config", "node.toml"], file: text)
        }
        #expect(error?.text.contains(words) == true, "\(error?.text ?? "")")
        #expect(error?.code == 78)
    }

    @Test("what cannot be parsed is said with where it comes from")
    func origins() throws {
        let settings = try Self.complete(
            ["node", "--listen=127.0.0.1:1"], ["CASTY_SHARDS": "many", "CASTY_ROLE": "web"])
        do {
            _ = try Casty.parseAsRoot(settings.arguments)
            Issue.record("it was parsed")
        } catch {
            let message = Casty.fullMessage(for: error)
            #expect(settings.origins(in: message) == "\n--shards is set by CASTY_SHARDS")
        }
        #expect(throws: CommandSettings.Problem(text: "CASTY_FOUND is \"perhaps\"; expected true or false", code: 64)) {
            try Self.complete(["node"], ["CASTY_FOUND": "perhaps"])
        }
    }

    @Test("misspelled variables are reported, those with which Kubernetes describes services are not")
    func unknown() throws {
        let settings = try Self.complete(
            ["node"],
            [
                "CASTY_SEED_NODES": "a:1", "CASTY_SERVICE_HOST": "10.0.0.1",
                "CASTY_PORT_7001_TCP": "tcp://10.0.0.1:7001",
                "CASTY_PORT": "tcp://10.0.0.1:7001", "CASTY_SHARDS": "8",
            ])
        #expect(settings.unknownVariables == ["CASTY_SEED_NODES"])
    }

    @Test("other commands take credentials from the environment, and nothing else")
    func credentials() throws {
        let environment = ["CASTY_SECRET_FILE": "/s", "CASTY_JSON": "true", "CASTY_SEED": "5"]
        #expect(try Self.complete(["status", "a:1"], environment).arguments == ["status", "a:1", "--secret-file=/s"])
        #expect(try Self.complete(["replay"], environment).arguments == ["replay"])
        #expect(try Self.complete(["node", "--help"], environment).arguments == ["node", "--help"])
    }

    @Test(
        "addresses that cannot work are refused in words",
        arguments: [
            (["--listen=0.0.0.0:7001"], "--secret-file"),
            (["--listen=0.0.0.0:7001", "--insecure"], "name one with --advertise too"),
            (
                ["--listen=0.0.0.0:7001", "--insecure", "--advertise=[::]:7001"],
                "no address that others could connect to"
            ),
            (["--listen=127.0.0.1:7001", "--advertise=10.0.0.7:7001"], "--advertise 10.0.0.7:7001 is reached over"),
            (["--listen=127.0.0.1:7001", "--seed-dns=casty"], "--seed-dns is HOST:PORT"),
            (["--listen=127.0.0.1:7001", "--seed-node=a:1", "--seed-srv=_casty._tcp.x"], "Name seeds by one of"),
            (["--listen=127.0.0.1:7001", "--timing=heartbeat=0s"], "--timing: heartbeat is"),
            (["--listen=127.0.0.1:7001", "--grace=0s"], "--grace must be above zero"),
            (["--listen=127.0.0.1:7001", "--timing=heart=1s"], "invalid for '--timing"),
        ])
    func badAddresses(arguments: [String], words: String) {
        do {
            _ = try Casty.parseAsRoot(["node"] + arguments)
            Issue.record("it was accepted")
        } catch {
            #expect(Casty.fullMessage(for: error).contains(words), "\(Casty.fullMessage(for: error))")
        }
    }
}
