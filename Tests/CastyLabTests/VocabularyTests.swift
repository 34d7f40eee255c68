import CastyInspection
import CastyScenario
import Testing

@Suite struct VocabularyTests {
    @Test("scenarios and the event feed speak of the same events")
    func events() {
        #expect(EventName.allCases.map(\.rawValue).sorted() == EventKind.allCases.map(\.rawValue).sorted())
    }
}
