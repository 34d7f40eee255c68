import CastyInvariants
import CastyTestbed
import Testing

@Suite("Open files")
struct DescriptorBudgetTests {
    @Test("what does not fit is said with how much would")
    func problem() throws {
        #expect(DescriptorBudget.problem(nodes: 3, limit: 1024) == nil)
        let problem = try #require(DescriptorBudget.problem(nodes: 40, limit: 1024))
        #expect(problem.contains("40 live nodes need about 3624 open files"))
        #expect(problem.contains("may have 1024, which is enough for 20"))
        #expect(DescriptorBudget.needed(nodes: 20) <= 1024)
        #expect(DescriptorBudget.needed(nodes: 21) > 1024)
        #expect(DescriptorBudget.problem(nodes: 1, limit: 12)?.hasPrefix("a live node needs") == true)
    }
}
