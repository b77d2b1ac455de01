import asyncio
import json
import os
import pathlib
import sys

import aplos_upload


async def main(file: pathlib.Path, config: pathlib.Path) -> int:
    client = await aplos_upload.connect()
    execution = {"label": "day 1", "configuration": json.loads(config.read_text("utf-8"))}
    request = aplos_upload.request_for_file(file, [execution])
    workflow_id = await aplos_upload.start(client, request)
    try:
        print(json.dumps(await aplos_upload.wait(client, workflow_id)), flush=True)
        return 0
    except aplos_upload.UploadError as error:
        print(error, file=sys.stderr, flush=True)
        return 1


exit_code = asyncio.run(main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])))
os._exit(exit_code)  # a normal exit sometimes aborts the process: temporalio/sdk-python issue 300
