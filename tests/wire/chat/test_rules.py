"""Which test proves which rule of healing, and which defect of hosts is proved by a stream.

A rule that loses its last test, or names one that is gone, fails here.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from glimway.sandbox import describe
from wire.chat.test_defects import DEFECTS
from wire.chat.test_read_streams import SPOILED
from wire.chat.test_recorded import SEEN

TESTS = Path(__file__).parents[2]

RULES: dict[str, tuple[str, ...]] = {
    # thinking
    "thinking comes once, under one name, from whatever member held it": (
        "wire/chat/test_read_thinking::test_each_form_of_thinking_comes_once_and_under_one_name",
    ),
    "thinking is written as reasoning_content, and as reasoning where a mount's users read that": (
        "wire/chat/test_write::test_thinking_under_two_names",
    ),
    "thinking that is sent back is read from every spelling": (
        "wire/chat/test_request::test_replayed_thinking_and_calls_are_read_in_order",
        "wire/chat/test_request::test_thinking_between_tags_is_read_from_the_head_of_an_answer",
    ),
    "thinking that is sent back reaches the host in the form it reads, unchanged": (
        "wire/chat/test_outgoing_thinking::"
        "test_every_spelling_reaches_the_host_in_the_form_it_reads",
        "wire/chat/test_outgoing_thinking::test_thinking_comes_back_whole_and_unchanged",
        "wire/chat/test_outgoing_hosts::test_replayed_thinking",
        "wire/chat/test_outgoing_hosts::test_interleaved_thinking_goes_back_with_its_calls",
    ),
    "one knob from every spelling": (
        "wire/chat/test_request::test_every_spelling_of_the_thinking_knob",
    ),
    "one knob in each host's words": (
        "wire/chat/test_outgoing_thinking::test_the_knob_in_the_hosts_own_words",
        "wire/chat/test_outgoing_thinking::test_what_the_host_has_no_way_for_is_named",
        "wire/chat/test_outgoing_hosts::test_thinking_on",
        "wire/chat/test_outgoing_hosts::test_thinking_off",
        "wire/chat/test_outgoing_hosts::test_an_effort",
    ),
    "members of other hosts never reach a strict one": (
        "wire/chat/test_outgoing::test_a_strict_host_gets_what_it_knows",
        "wire/chat/test_outgoing_hosts::test_cerebras_whole_spelling",
    ),
    "earlier thinking is kept in context when it is sent back": (
        "wire/chat/test_outgoing_thinking::test_earlier_thinking_is_kept_when_it_is_sent_back",
    ),
    "thinking between tags is thinking": (
        "wire/chat/test_read_thinking::test_think_tags_split_anywhere",
        "wire/chat/test_read_thinking::test_only_a_closing_think_tag",
    ),
    "a turn of thinking alone is an answer": (
        "wire/chat/test_read_thinking::test_a_turn_of_thinking_alone_is_an_answer",
    ),
    "thinking tokens are counted where the host does not": (
        "sdk/test_strict::test_thinking_is_counted_by_its_text_where_the_host_does_not",
    ),
    # frames
    "the role once, finish_reason null until the end": (
        "wire/chat/test_read_frames::test_role_repeated_and_finish_absent_until_the_end",
        "wire/chat/test_recorded::test_a_recorded_stream_cut_at_every_byte",
    ),
    "usage where the mount puts it, wherever the host did": (
        "wire/chat/test_read_usage::test_usage_is_found_and_counted_once",
        "wire/chat/test_write::test_usage_in_a_last_frame",
        "wire/chat/test_write::test_usage_in_the_finish_frame_or_nowhere",
    ),
    "characters split over pieces stay whole": (
        "wire/chat/test_read_frames::test_characters_split_over_http_chunks_stay_whole",
        "wire/chat/test_read_frames::test_halves_of_a_surrogate_pair_in_two_frames_are_joined",
    ),
    "halves of characters are joined, and none leaves alone": (
        "wire/chat/test_read_frames::test_half_a_surrogate_pair_alone_becomes_a_replacement_character",
        "wire/chat/test_read_frames::test_half_a_surrogate_pair_in_a_whole_reply_and_in_unknown_members",
        "wire/chat/test_read_calls::test_escaped_half_surrogates_in_arguments_are_json",
    ),
    "the tokens of a vision model's box are no text": (
        "wire/chat/test_read_frames::test_box_tokens_are_dropped_wherever_they_are_cut",
    ),
    "a content array of typed parts is text and thinking": (
        "wire/chat/test_read_thinking::test_each_form_of_thinking_comes_once_and_under_one_name",
        "wire/chat/test_read_thinking::test_unknown_parts_of_a_content_array_travel",
    ),
    "several answers keep apart, whether the host writes them or several hosts": (
        "wire/chat/test_read_frames::test_several_choices_keep_apart",
        "wire/chat/test_read_frames::test_several_choices_in_one_frame",
        "sdk/test_strict::test_several_answers_are_numbered",
    ),
    "comments and pings of a host say nothing": (
        "wire/chat/test_read_frames::test_comments_pings_and_other_events_say_nothing",
    ),
    "frames of nulls say nothing": (
        "wire/chat/test_read_frames::test_frames_without_anything_are_skipped",
    ),
    "objects glued together, or cut in two, are put right": (
        "wire/chat/test_read_frames::test_objects_glued_together_are_parted",
        "wire/chat/test_read_frames::test_an_object_spread_over_two_events_is_joined",
        "wire/chat/test_read_frames::test_an_object_that_was_cut_off_is_a_fault",
    ),
    "object and index may be missing": (
        "wire/chat/test_read_frames::test_missing_object_and_index",
    ),
    "an end-of-sequence frame is dropped, never a part of a text": (
        "wire/chat/test_read_frames::test_an_end_of_sequence_frame_before_the_finish_is_dropped",
        "wire/chat/test_read_frames::test_a_stop_token_inside_the_text_is_text",
    ),
    "silence is filled with comments, never with made-up frames": (
        "engine/test_filler::test_no_silence_is_longer_than_15_s",
    ),
    # tool calls
    "a stable index and id for each call": (
        "wire/chat/test_read_calls::test_every_shape_of_one_call",
        "wire/chat/test_read_calls::test_every_shape_of_two_calls",
        "wire/chat/test_read_calls::test_ids_are_made_where_none_came_and_stay_the_same",
    ),
    "the name whole and once": (
        "wire/chat/test_read_calls::test_a_name_whose_rest_comes_behind_the_arguments",
        "wire/chat/test_read_calls::test_markup_in_the_name_of_a_call",
    ),
    "arguments are JSON at the end": (
        "wire/chat/test_read_calls::test_no_arguments_become_an_empty_object",
        "wire/chat/test_read_calls::test_arguments_that_are_not_json_at_the_end_are_a_fault",
        "wire/chat/test_read_calls::test_arguments_cut_by_the_length_stay_cut",
    ),
    "no finish tool_calls without a call, no call with finish stop": (
        "wire/chat/test_read_calls::test_finish_tool_calls_without_a_call_is_stop",
        "wire/chat/test_read_calls::test_calls_with_finish_stop_are_tool_calls",
    ),
    "markup in text or thinking is a call where the tool was declared": (
        "wire/chat/test_read_markup::test_a_leaked_call_is_a_call",
        "wire/chat/test_read_markup::test_a_call_swallowed_by_thinking_with_text_behind",
    ),
    "quoted markup of undeclared tools, and a lone angle bracket, are text": (
        "wire/chat/test_read_markup::test_what_is_no_call_of_a_declared_tool_is_not_touched",
        "wire/chat/test_read_markup::test_without_tools_markup_is_text",
    ),
    "values of markup are typed by the tool's schema": (
        "wire/chat/test_read_markup::test_values_are_typed_by_the_schema",
    ),
    # what a host must be spared
    "no null content, no unreadable arguments in the history": (
        "wire/chat/test_outgoing::test_history_that_chat_templates_stumble_over_is_mended",
    ),
    "a developer is a system where the role is unknown": (
        "wire/chat/test_outgoing::test_the_developer_is_a_system_where_the_role_is_unknown",
    ),
    "a user speaks where one must": (
        "wire/chat/test_outgoing::test_where_a_user_must_speak_one_does",
    ),
    "a stop string is an array where it must be, and more than a host takes are cut here": (
        "wire/chat/test_outgoing_hosts::test_stops",
        "wire/chat/test_outgoing::test_stops_beyond_the_hosts_are_cut_here",
    ),
    "the cap goes under the host's name": (
        "wire/chat/test_outgoing::test_the_cap_goes_under_the_hosts_name",
    ),
    "numbers are put into the host's range": (
        "wire/chat/test_outgoing::test_numbers_are_put_into_the_hosts_range",
        "wire/chat/test_outgoing_hosts::test_a_temperature_beyond_the_makers_range",
        "domain/test_judgement::test_a_cap_above_the_models_is_lowered_where_it_is_sent",
    ),
    "a function has a description where it must": (
        "wire/chat/test_outgoing::test_a_function_is_described_where_it_must_be",
    ),
    "arguments stream where that must be asked": (
        "wire/chat/test_outgoing::test_arguments_stream_where_that_must_be_asked",
        "wire/chat/test_outgoing_hosts::test_tools_in_a_stream",
    ),
    "a request id the host would refuse is left out": (
        "wire/chat/test_outgoing_hosts::test_a_request_id_fits_the_maker",
    ),
    # errors
    "each code of the maker means what it says": (
        "wire/chat/test_read_errors::test_z_ais_codes_win_over_the_status",
        "wire/chat/test_read_errors::test_a_spent_account_behind_429_is_no_rate_limit",
    ),
    "a lasting overload waits long": (
        "wire/chat/test_read_errors::test_a_long_overload_says_when_to_come_back",
    ),
    "errors inside a 200 and inside a stream are errors": (
        "wire/chat/test_read_errors::test_an_error_inside_a_200",
        "wire/chat/test_read_errors::test_an_error_frame_ends_the_stream",
    ),
    "every shape of error body is read": (
        "wire/chat/test_read_errors::test_every_error_body_is_read",
    ),
    "reasons of the maker have OpenAI's words": (
        "wire/chat/test_read_errors::test_finish_reasons",
        "wire/chat/test_read_errors::test_finish_reasons_that_are_faults",
    ),
    "a stream without its end mark has failed": (
        "wire/chat/test_read_frames::test_a_missing_end_mark_is_a_fault",
        "wire/chat/test_recorded::test_a_recorded_stream_that_is_cut_off_is_never_a_success",
    ),
    "retry-after is passed on, and made where none came": (
        "wire/chat/test_read_errors::test_retry_after",
        "surface/test_errors::"
        "test_retry_after_comes_with_every_429_and_503_in_whole_seconds_rounded_up",
    ),
    # other dialects
    "requests of other dialects reach a chat host": (
        "wire/chat/test_foreign::test_one_message_of_the_assistant_whatever_the_order_of_its_parts",
        "wire/chat/test_foreign::test_functions_and_tools_of_free_text_become_functions",
    ),
    # all of it at once
    "any stream of any host, cut anywhere, is clean": (
        "wire/chat/test_read_streams::test_any_legal_stream_is_read_as_it_was_meant",
        "wire/chat/test_read_streams::test_every_cut_of_a_short_stream",
        "wire/chat/test_read_streams::test_every_script_of_the_sandbox",
        "wire/chat/test_read_streams::test_no_bytes_at_all_break_the_reader",
    ),
}

CLASSES = {
    "a call with a number as its id",
    "a call without an id",
    "a call without arguments dropped from the stream",
    "a finish reason that is a failure",
    "a frame of nulls",
    "a required call that is not made",
    "a stop token at the end of the text",
    "a tool call swallowed by thinking",
    "a tool's name in pieces",
    "an end without a finish reason",
    "an end without its mark",
    "an error of the host's markup reader",
    "an error of the host's parser in the stream",
    "an object cut off with the next glued to it",
    "arguments lost",
    "characters of several bytes",
    "empty arguments",
    "garbled text",
    "JSON without its code fences",
    "long arguments in one piece",
    "markup in a tool's name",
    "markup of a tool that nobody declared",
    "one call many times",
    "text and calls in one answer",
    "thinking and nothing else",
    "thinking in the text",
    "thinking under another name",
    "thinking without end",
}
"""Classes of defects that were reported of hosts of GLM. The class of strict hosts that refuse
members they do not know is about requests, and among the rules."""

HOSTS = {
    *("acedata", "cerebras", "deepinfra", "llamacpp", "mistral", "openrouter", "sglang", "vllm"),
    *("z.ai calls a tool in one piece", "z.ai thinks and answers"),
}


@cache
def names_in(module: str) -> frozenset[str]:
    tree = ast.parse((TESTS / f"{module}.py").read_text("utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_has_its_tests(rule: str) -> None:
    assert RULES[rule], "nobody proves it"
    for named in RULES[rule]:
        module, _, name = named.partition("::")
        assert name.startswith("test_")
        assert name in names_in(module), f"{named} is gone"


def test_every_class_of_defect_has_its_stream() -> None:
    assert set(DEFECTS) == CLASSES


def test_every_recorded_shape_has_its_stream() -> None:
    assert set(SEEN) == HOSTS


def test_every_defect_that_the_sandbox_offers_is_read() -> None:
    groups = {"stream", "usage", "model", "tools"}
    offered = {row.name for row in describe() if row.group in groups}
    elsewhere = {"huge-line", "think-loop"}
    assert offered - elsewhere == {row.name for row in SPOILED if row.group in groups}
    assert {"test_a_line_that_is_too_large_is_a_fault", "test_thinking_without_end"} <= names_in(
        "wire/chat/test_read_streams"
    )
