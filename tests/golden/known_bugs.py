"""What went wrong between dialects in other gateways and clients, and which test prevents it here.

Knows the public reports and the names of tests. Refuses to test anything itself.
"""

from __future__ import annotations

import msgspec


class Bug(msgspec.Struct, frozen=True):
    """One fault.

    Args:
        what: what went wrong.
        reports: where it was told, below https://github.com/.
        tests: what would fail here: ``file::test`` below ``tests``.
    """

    what: str
    reports: tuple[str, ...]
    tests: tuple[str, ...]


_MESSAGES = "wire/messages/test_bugs.py::test_"
_RESPONSES = "wire/responses/test_bugs.py::test_"
_GOLDEN = "golden/test_bugs.py::test_"
_PAIRS = "golden/test_answers.py::test_a_client_is_told_what_a_stream_means"
_ANY = "golden/test_any_events.py::test_no_answer_breaks_a_grammar_or_loses_anything"
_ASKED = "golden/test_requests.py::test_nothing_is_lost_in_silence"

BUGS: tuple[Bug, ...] = (
    # ---- streams: blocks and items ----------------------------------------------------------
    Bug(
        "the first delta of each new block is dropped",
        (
            "BerriAI/litellm/issues/30014",
            "BerriAI/litellm/pull/30024",
            "BerriAI/litellm/pull/25216",
        ),
        (
            f"{_MESSAGES}the_first_delta_of_each_block_is_there",
            f"{_RESPONSES}the_first_delta_of_each_block_arrives",
            _ANY,
        ),
    ),
    Bug(
        "a block of text is opened first, and thinking goes into it",
        (
            *("BerriAI/litellm/issues/31560", "BerriAI/litellm/issues/29518"),
            *("BerriAI/litellm/pull/34433", "BerriAI/litellm/pull/25212"),
            *("BerriAI/litellm/issues/33224", "BerriAI/litellm/issues/22997"),
        ),
        (
            f"{_MESSAGES}a_stream_that_begins_with_thinking_has_no_block_of_text_before",
            f"{_MESSAGES}a_host_that_mixes_up_its_blocks",
        ),
    ),
    Bug(
        "thinking behind text takes the number of the text",
        (
            "ollama/ollama/issues/17101",
            "sgl-project/sglang/issues/26795",
            "BerriAI/litellm/issues/13373",
        ),
        (
            f"{_MESSAGES}a_number_is_never_used_twice",
            f"{_RESPONSES}thinking_after_text_gets_an_item_of_its_own",
            _ANY,
        ),
    ),
    Bug(
        "a second message_start, and thinking inside a block of text",
        ("BerriAI/litellm/issues/32357",),
        (f"{_MESSAGES}a_host_that_begins_twice_and_thinks_inside_text",),
    ),
    Bug(
        "parallel calls overlap, or are malformed",
        (
            *("maximhq/bifrost/pull/3441", "farion1231/cc-switch/pull/2303"),
            *("open-webui/open-webui/pull/25963", "Portkey-AI/gateway/issues/1275"),
            "Portkey-AI/gateway/issues/980",
        ),
        (
            f"{_MESSAGES}parallel_calls_do_not_overlap",
            f"{_RESPONSES}two_mixed_calls_are_never_open_at_once",
            _PAIRS,
            _ANY,
        ),
    ),
    Bug(
        "the first chunk lacks role, or message_start its type",
        ("Portkey-AI/gateway/issues/1399", "vllm-project/vllm/issues/45367"),
        (
            f"{_GOLDEN}the_first_chunk_has_the_role",
            f"{_MESSAGES}the_beginning_has_type_and_role",
        ),
    ),
    Bug(
        "deltas belong to an item that was not announced, or whose id changes",
        (
            *("BerriAI/litellm/issues/41185", "BerriAI/litellm/issues/22102"),
            *("BerriAI/litellm/issues/30071", "openai/codex/pull/12798"),
        ),
        (
            f"{_RESPONSES}deltas_for_an_unannounced_item_are_announced",
            f"{_RESPONSES}an_item_id_that_changes_is_one_item",
            _PAIRS,
        ),
    ),
    Bug(
        "text is doubled where deltas and done are both used",
        ("BerriAI/litellm/issues/41109",),
        (f"{_RESPONSES}text_is_not_doubled_by_done", _PAIRS),
    ),
    # ---- streams: calls ---------------------------------------------------------------------
    Bug(
        "arguments that come only when done become {}",
        ("BerriAI/litellm/issues/27144",),
        (f"{_RESPONSES}arguments_that_come_only_when_done",),
    ),
    Bug(
        "text beside a call loses the call",
        ("BerriAI/litellm/issues/17246",),
        (f"{_MESSAGES}text_beside_calls_loses_neither", _PAIRS),
    ),
    Bug(
        "a call is there, and the end says that there is none",
        (
            *("BerriAI/litellm/issues/34692", "maximhq/bifrost/issues/3638"),
            *("vllm-project/agentic-api/pull/296", "strands-agents/sdk-python/pull/1827"),
        ),
        (
            f"{_MESSAGES}a_call_is_said_to_be_one_whatever_the_host_says",
            f"{_RESPONSES}a_finished_call_means_tool_calls_whatever_the_word",
            "wire/chat/test_read_calls.py::test_calls_with_finish_stop_are_tool_calls",
        ),
    ),
    Bug(
        "a host's odd pieces of calls are misread",
        ("vllm-project/vllm/issues/47901", "ai-dynamo/dynamo/issues/4723"),
        (
            f"{_MESSAGES}new_calls_under_one_index_are_told_apart",
            "wire/chat/test_read_calls.py::test_every_shape_of_two_calls",
            "wire/chat/test_read_streams.py::test_any_legal_stream_is_read_as_it_was_meant",
        ),
    ),
    Bug(
        "calls in streams vanish for models that nobody knows, or come only at the end",
        ("BerriAI/litellm/issues/21090",),
        (
            f"{_RESPONSES}calls_stream_without_any_knowledge_of_the_model",
            f"{_GOLDEN}calls_come_one_by_one_in_pieces",
        ),
    ),
    Bug(
        "a call crashes the process",
        ("maximhq/bifrost/issues/2494",),
        (f"{_RESPONSES}a_call_in_a_stream_of_this_dialect_crashes_nothing",),
    ),
    # ---- streams: their ends ----------------------------------------------------------------
    Bug(
        "an answer that was cut looks finished, or ends without a terminal event",
        (
            *("BerriAI/litellm/issues/32475", "anomalyco/opencode/issues/39968"),
            *("mozilla-ai/any-llm/pull/847", "openai/codex/issues/41340"),
            *("router-for-me/CLIProxyAPI/issues/3055", "farion1231/cc-switch/issues/2750"),
        ),
        (
            f"{_GOLDEN}a_host_that_dies_at_any_step_is_no_success",
            f"{_MESSAGES}a_cut_stream_never_looks_complete",
            f"{_RESPONSES}a_provider_that_dies_at_any_step_is_no_success",
            f"{_RESPONSES}each_stream_ends_with_a_terminal_event",
            "engine/test_answers_http.py::test_a_stream_that_is_cut_never_looks_finished",
        ),
    ),
    Bug(
        "a cut, a stall or one malformed line ends a request that another provider could serve",
        ("BerriAI/litellm/issues/40404",),
        (
            "engine/failover/test_before_http.py::"
            "test_a_fault_before_the_first_content_is_another_providers_answer",
            "wire/chat/test_read_frames.py::test_data_that_cannot_carry_content_are_skipped",
        ),
    ),
    # ---- thinking ---------------------------------------------------------------------------
    Bug(
        "thinking is lost, becomes text or changes its place",
        (
            *("BerriAI/litellm/issues/40654", "BerriAI/litellm/issues/26916"),
            *("maximhq/bifrost/issues/3802", "maximhq/bifrost/pull/6547"),
            *("maximhq/bifrost/issues/6342", "tensorzero/tensorzero/issues/1361"),
            *("QuantumNous/new-api/pull/4497", "envoyproxy/ai-gateway/issues/2098"),
        ),
        (
            f"{_GOLDEN}a_turn_that_is_sent_back_keeps_its_order",
            f"{_MESSAGES}replayed_thinking_is_neither_reshaped_nor_reordered",
            f"{_MESSAGES}thinking_reaches_a_chat_host_as_thinking",
            f"{_RESPONSES}both_kinds_of_thinking_are_read",
            f"{_RESPONSES}thinking_never_becomes_text",
            f"{_RESPONSES}the_order_of_thoughts_and_calls_survives_a_replay",
            _PAIRS,
        ),
    ),
    Bug(
        "sealed thinking is lost in streams",
        ("maximhq/bifrost/issues/5093",),
        (
            f"{_MESSAGES}redacted_thinking_is_kept_in_streams",
            f"{_RESPONSES}sealed_thinking_without_text_survives_a_stream",
        ),
    ),
    Bug(
        "a signature reaches another maker, which refuses the conversation for good",
        (
            *("can1357/oh-my-pi/issues/6379", "thedotmack/claude-mem/issues/3198"),
            *("NousResearch/hermes-agent/issues/24401", "strands-agents/sdk-python/issues/1598"),
            *("ding113/claude-code-hub/issues/518", "router-for-me/CLIProxyAPI/pull/570"),
        ),
        (
            f"{_MESSAGES}a_signature_never_reaches_another_maker",
            f"{_RESPONSES}foreign_proofs_do_not_wedge_a_conversation",
        ),
    ),
    # ---- requests ---------------------------------------------------------------------------
    Bug(
        "an earlier answer is forgotten, rejected, or its id ignored in silence",
        (
            *("vllm-project/vllm/issues/43244", "vllm-project/vllm/issues/33089"),
            *("vllm-project/vllm/issues/45273", "Blaizzy/mlx-vlm/issues/1046"),
        ),
        (
            f"{_RESPONSES}an_earlier_answers_calls_are_remembered",
            f"{_RESPONSES}replayed_items_with_any_status_are_taken",
            "wire/responses/test_stored.py::test_a_loop_of_tools_by_id_is_the_loop_by_replay",
        ),
    ),
    Bug(
        "namespaces, free-text tools and tools inside the input are refused or dropped",
        (
            *("coder/coder/issues/28656", "ggml-org/llama.cpp/issues/20156"),
            *("theopenco/llmgateway/pull/3613", "router-for-me/CLIProxyAPI/pull/4414"),
            *("ardeyouxipianyi/workbuddy2api-intl/pull/12", "maximhq/bifrost/issues/5100"),
            *("maximhq/bifrost/issues/4596", "maximhq/bifrost/issues/3031"),
            "maximhq/bifrost/issues/3170",
        ),
        (
            f"{_RESPONSES}tools_of_agents_are_taken",
            f"{_RESPONSES}tools_in_an_input_item_are_found",
            f"{_RESPONSES}a_tools_grammar_is_told_to_models_that_have_functions_only",
            f"{_RESPONSES}agents_send_what_no_specification_has",
            f"{_MESSAGES}members_of_other_servers_survive",
            _ASKED,
        ),
    ),
    Bug(
        "the role system amid messages is refused",
        ("anthropics/claude-code/issues/63469", "anthropics/claude-code/issues/77698"),
        (f"{_MESSAGES}instructions_amid_a_conversation_are_accepted", _ASKED),
    ),
    Bug(
        "the role developer is refused, with an empty message",
        ("maximhq/bifrost/issues/1708",),
        (
            "wire/chat/test_outgoing.py::test_the_developer_is_a_system_where_the_role_is_unknown",
            _ASKED,
        ),
    ),
    Bug(
        "an agent's billing header changes the prompt's beginning with every request",
        (
            *("anthropics/claude-code/issues/68900", "vllm-project/vllm/pull/36829"),
            "musistudio/claude-code-router/issues/1372",
        ),
        (f"{_MESSAGES}a_billing_header_does_not_kill_the_prefix_cache",),
    ),
    Bug(
        "ids with characters that another dialect does not take",
        ("maximhq/bifrost/issues/5097", "langchain-ai/langchain/pull/37756"),
        (
            f"{_MESSAGES}ids_of_any_characters_come_back_as_they_were",
            f"{_RESPONSES}ids_of_any_spelling_come_back_as_they_are",
            f"{_GOLDEN}a_call_is_what_its_client_knows_it_by",
        ),
    ),
    Bug(
        "images of a tool's result are dropped",
        ("BerriAI/litellm/issues/23712", "ggml-org/llama.cpp/issues/23465"),
        (
            f"{_MESSAGES}images_in_results_stand_behind_all_results",
            f"{_RESPONSES}the_output_of_a_tool_may_be_a_list_with_images",
        ),
    ),
    Bug(
        "a tool's result without content is dropped",
        ("maximhq/bifrost/pull/6346",),
        (
            f"{_MESSAGES}a_result_without_content_is_one",
            f"{_RESPONSES}a_result_without_content_does_not_vanish",
        ),
    ),
    Bug(
        "parallel_tool_calls: false is ignored",
        ("vllm-project/vllm/issues/9451",),
        (f"{_MESSAGES}calls_one_at_a_time_are_asked_for", _ASKED),
    ),
    Bug(
        "the bound on the answer is dropped",
        ("maximhq/bifrost/pull/6547",),
        (f"{_GOLDEN}the_bound_on_the_answer_arrives",),
    ),
    # ---- usage ------------------------------------------------------------------------------
    Bug(
        "cached tokens are counted twice, not at all, or as fresh ones",
        (
            *("genkit-ai/genkit/issues/5412", "larsderidder/context-lens/issues/51"),
            *("maximhq/bifrost/issues/904", "ollama/ollama/issues/17130"),
        ),
        (
            f"{_MESSAGES}cached_tokens_are_counted_once_in_both_directions",
            f"{_RESPONSES}cached_tokens_are_part_of_the_input",
            "wire/messages/test_write.py::test_zeros_are_not",
            _PAIRS,
        ),
    ),
    Bug(
        "more cached tokens than there were make a negative cost",
        ("QuantumNous/new-api/issues/3259",),
        (f"{_MESSAGES}more_cached_than_there_was_is_not_negative",),
    ),
    Bug(
        "streamed answers count nothing, or count nothing at their beginning",
        ("BerriAI/litellm/issues/37923", "vercel/ai/issues/17326"),
        (
            f"{_MESSAGES}streamed_and_whole_answers_count_alike",
            f"{_MESSAGES}the_beginning_has_counts",
            _PAIRS,
        ),
    ),
    Bug(
        "a client that does not ask for usage is charged nothing",
        ("ding113/claude-code-hub/issues/1165", "decolua/9router/issues/2880"),
        (f"{_GOLDEN}usage_is_asked_for_whoever_wants_to_know_it",),
    ),
)
