"""Servers and clients for the tests."""

import asyncio
import os

import pytest
import pytest_lsp
from lsprotocol import types
from pygls.protocol import default_converter
from pytest_lsp import ClientServerConfig, LanguageClient
from pytest_lsp.client import DEFAULT_CLIENT_FEATURES, register_lsp_features

DYNOPC = os.environ.get("DYNOPC", "dynopc")


class Client(LanguageClient):
    """Remembers of which version the diagnostics are, and keeps count of versions."""

    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        self.versions = {}
        self.opened = {}
        self.told = asyncio.Condition()

    def open(self, uri, text):
        self.opened[uri] = 1
        self.text_document_did_open(
            types.DidOpenTextDocumentParams(
                types.TextDocumentItem(uri=uri, language_id="dynop", version=1, text=text)
            )
        )

    def change(self, uri, *changes):
        self.opened[uri] += 1
        self.text_document_did_change(
            types.DidChangeTextDocumentParams(
                types.VersionedTextDocumentIdentifier(uri=uri, version=self.opened[uri]), list(changes)
            )
        )

    def replace(self, uri, text):
        self.change(uri, types.TextDocumentContentChangeWholeDocument(text))

    def close(self, uri):
        del self.opened[uri]
        self.text_document_did_close(types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(uri)))

    async def settled(self, uri, until=None):
        """The diagnostics of a file as it is now, when they are such."""

        def is_so():
            current = self.versions.get(uri, "none") == self.opened.get(uri)
            return current and (until is None or until(self.diagnostics[uri]))

        async with asyncio.timeout(60):
            async with self.told:
                await self.told.wait_for(is_so)
        return self.diagnostics[uri]


async def _published(client: Client, params: types.PublishDiagnosticsParams):
    async with client.told:
        client.diagnostics[params.uri] = params.diagnostics
        client.versions[params.uri] = params.version
        client.told.notify_all()


async def _registered(client: Client, params: types.RegistrationParams):
    return None


def make_client():
    client = Client(converter_factory=default_converter)
    features = dict(DEFAULT_CLIENT_FEATURES)
    features[types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS] = _published
    features[types.CLIENT_REGISTER_CAPABILITY] = _registered
    register_lsp_features(client, features)
    return client


@pytest_lsp.fixture(
    params=["visual_studio_code", "neovim", "emacs"],
    config=ClientServerConfig(server_command=[DYNOPC, "lsp"], client_factory=make_client),
)
async def client(request, client: Client, tmp_path):
    """A client that says of itself what an editor says."""
    await client.initialize_session(
        types.InitializeParams(
            capabilities=pytest_lsp.client_capabilities(request.param),
            workspace_folders=[types.WorkspaceFolder(uri=tmp_path.as_uri(), name="here")],
        )
    )
    yield
    await client.shutdown_session()


@pytest_lsp.fixture(
    params=[
        types.PositionEncodingKind.Utf8,
        types.PositionEncodingKind.Utf16,
        types.PositionEncodingKind.Utf32,
    ],
    config=ClientServerConfig(server_command=[DYNOPC, "lsp"], client_factory=make_client),
)
async def counting(request, counting: Client):
    """A client that counts columns in one way."""
    capabilities = pytest_lsp.client_capabilities("visual_studio_code")
    if capabilities.general is None:
        capabilities.general = types.GeneralClientCapabilities()
    capabilities.general.position_encodings = [request.param]
    answer = await counting.initialize_session(types.InitializeParams(capabilities=capabilities))
    assert answer.capabilities.position_encoding == request.param
    counting.encoding = request.param
    yield
    await counting.shutdown_session()


@pytest.fixture
def dynopc():
    return DYNOPC
